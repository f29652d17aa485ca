package io.torrefy.rl.envs;

import io.torrefy.export.Export;
import io.torrefy.rl.Env;
import io.torrefy.rl.Space;
import io.torrefy.rl.Step;
import io.torrefy.tensor.SplitMix;

/// Gymnasium's `Taxi-v4` with `fickle_passenger` (Dietterich 2000, section 7.1): in some episodes the passenger wants
/// to go elsewhere once the taxi has begun to drive, to each of the other three places as often. It happens with the
/// first step that moves the taxi with the passenger in it, and once an episode at most.
///
/// Whether it is still to come is not seen, so this is no finite process of its observations: it has no model to plan
/// with, and learners learn about the mean of both.
@Export(value = "rl.envs.FickleTaxi", since = "0.1")
public final class FickleTaxi implements Env<Integer, Integer> {
    private final Taxi taxi;
    private final double chance;
    // Its own stream, so that the taxi drives as it would without.
    private SplitMix random = new SplitMix(0, 2);
    private boolean fickle;

    private FickleTaxi(Taxi taxi, double chance) {
        this.taxi = taxi;
        this.chance = chance;
    }

    /// Gymnasium's: fickle in 3 of 10 episodes, in good weather.
    public static FickleTaxi of() {
        return of(1, 0.3);
    }

    /// @param success the chance that a move goes where it should, as [Taxi#of(double)]
    /// @param chance that an episode's passenger is fickle, Gymnasium's `fickle_probability`
    /// @throws IllegalArgumentException if the one is not in (0, 1] or the other not in [0, 1]
    public static FickleTaxi of(double success, double chance) {
        if (!(chance >= 0 && chance <= 1)) {
            throw new IllegalArgumentException(
                    "[taxi] expected a chance of a fickle passenger in [0, 1]; got " + chance + ".");
        }
        return new FickleTaxi(Taxi.of(success), chance);
    }

    @Override
    public Space<Integer> observationSpace() {
        return taxi.observationSpace();
    }

    @Override
    public Space<Integer> actionSpace() {
        return taxi.actionSpace();
    }

    @Override
    public Integer reset(long seed) {
        random = new SplitMix(seed, 2);
        fickle = random.unit() < chance;
        return taxi.reset(seed);
    }

    @Override
    public Integer reset() {
        fickle = random.unit() < chance;
        return taxi.reset();
    }

    @Override
    public Step<Integer> step(Integer action) {
        int before = taxi.state();
        Step<Integer> step = taxi.step(action);
        int now = step.observation();
        if (!fickle || !Taxi.riding(before) || Taxi.cell(before) == Taxi.cell(now)) {
            return step;
        }
        fickle = false;
        // The other three, from the one behind on.
        int wish = (Taxi.destination(now) + 1 + random.below(Taxi.PLACES - 1)) % Taxi.PLACES;
        int changed = now - Taxi.destination(now) + wish;
        taxi.resetTo(changed);
        return new Step<>(changed, step.reward(), false, false);
    }
}
