"""Gymnasium's environments under random actions that were drawn before: what io.torrefy.bench.cases.Environments does.

`args`: `env` is an id, `steps` the steps of a run, `slots` how many environments step at once, in the environment's own
NumPy form; without it there is one, as `make` wraps it.
"""

import gymnasium
import numpy

DRAWN = 64


def threads(n):
    pass  # neither form has threads


def one(env, steps):
    actions = numpy.random.default_rng(1).integers(env.action_space.n, size=4096).tolist()
    env.reset(seed=1)

    def run():
        for i in range(steps):
            _, _, terminated, truncated, _ = env.step(actions[i & 4095])
            if terminated or truncated:
                env.reset()

    return run


def many(env, steps):
    random = numpy.random.default_rng(1)
    actions = [random.integers(env.single_action_space.n, size=env.num_envs) for _ in range(DRAWN)]
    env.reset(seed=1)

    def run():
        for i in range(steps // env.num_envs):
            env.step(actions[i % DRAWN])

    return run


def open(case, args):
    slots = args.get("slots", 0)
    if slots:
        env = gymnasium.make_vec(args["env"], num_envs=slots, vectorization_mode="vector_entry_point")
        return many(env, args["steps"]), args["steps"], "steps"
    return one(gymnasium.make(args["env"]), args["steps"]), args["steps"], "steps"
