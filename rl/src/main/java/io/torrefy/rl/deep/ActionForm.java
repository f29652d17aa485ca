package io.torrefy.rl.deep;

import io.torrefy.rl.Box;
import io.torrefy.rl.Discrete;
import io.torrefy.rl.Env;

/// How actions are kept as floats: a discrete one as its number from 0, a vector as it is.
abstract class ActionForm<A> {
    /// Floats an action takes.
    final int size;

    private ActionForm(int size) {
        this.size = size;
    }

    abstract A read(float[] from, int at);

    /// @throws IllegalArgumentException unless the actions are discrete
    static ActionForm<Integer> discrete(String op, Env<?, Integer> env) {
        Discrete space = discreteSpace(op, env);
        return new ActionForm<>(1) {
            @Override
            Integer read(float[] from, int at) {
                return space.start() + (int) from[at];
            }
        };
    }

    /// @throws IllegalArgumentException unless the actions are vectors
    static ActionForm<float[]> vector(String op, Env<?, float[]> env) {
        int size = boxSpace(op, env).size();
        return new ActionForm<>(size) {
            @Override
            float[] read(float[] from, int at) {
                float[] action = new float[size];
                System.arraycopy(from, at, action, 0, size);
                return action;
            }
        };
    }

    static Discrete discreteSpace(String op, Env<?, Integer> env) {
        if (env.actionSpace() instanceof Discrete space) {
            return space;
        }
        throw new IllegalArgumentException("[" + op + "] expected an environment of discrete actions; got "
                + env.actionSpace() + ". Hint: continuous actions have Ddpg.");
    }

    static Box boxSpace(String op, Env<?, float[]> env) {
        if (env.actionSpace() instanceof Box space) {
            for (int i = 0; i < space.size(); i++) {
                if (!Float.isFinite(space.low(i)) || !Float.isFinite(space.high(i))) {
                    throw new IllegalArgumentException("[" + op + "] expected bounded actions; got " + space + ".");
                }
            }
            return space;
        }
        throw new IllegalArgumentException(
                "[" + op + "] expected an environment whose actions are vectors; got " + env.actionSpace() + ".");
    }
}
