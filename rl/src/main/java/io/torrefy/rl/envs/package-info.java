/// Environments: the grid world, Gymnasium's toy texts and classic control, and the names they go by.
///
/// | id of [Envs] | class | states, actions | steps | source |
/// | --- | --- | --- | --- | --- |
/// | `gridworld`, `gridworld/...` | [GridWorld] | 25, 5 | no limit | Zhao, "Mathematical Foundations of RL" |
/// | `FrozenLake-v1`, `FrozenLake8x8-v1` | [FrozenLake] | 16 or 64, 4 | 100, 200 | Gymnasium 1.3, tables exact |
/// | `CliffWalking-v1`, `CliffWalkingSlippery-v1` | [CliffWalking] | 48, 4 | no limit | the same |
/// | `Taxi-v4`, `TaxiRainy-v4` | [Taxi] | 500, 6 | 200 | the same |
/// | `TaxiFickle-v4` | [FickleTaxi] | 500, 6 | 200 | the same, no table |
/// | `Blackjack-v1` | [Blackjack] | sum, card, ace; 2 | ends | the same; as a table, 371 states |
/// | `CartPole-v0`, `CartPole-v1` | [CartPole], [CartPoleVector] | 4 numbers, 2 | 200, 500 | the same, to 1e-12 |
/// | `MountainCar-v0` | [MountainCar] | 2 numbers, 3 | 200 | the same |
/// | `MountainCarContinuous-v0` | [MountainCarContinuous] | 2 numbers, a force | 999 | the same, in its floats |
/// | `Acrobot-v1` | [Acrobot] | 6 numbers, 3 | 500 | the same |
/// | `Pendulum-v1` | [Pendulum] | 3 numbers, a torque | 200 | the same |
///
/// What is random is drawn from [io.torrefy.tensor.SplitMix] under the seed of `reset`, not from NumPy's generator: an
/// episode here is another one than Gymnasium's under the same seed, and of the same process.
package io.torrefy.rl.envs;
