/// Environments, finite Markov decision processes and the algorithms that solve them.
///
/// From Bellman to GRPO, in reading order; each algorithm is one file with its equation and its source. The page
/// `docs/rl.md` is the long form, with a picture and a command for each.
///
/// 1. A [FiniteMdp] says what can happen after each action, and [FiniteEnv] plays it; `io.torrefy.rl.envs` has the grid
///    world. A policy ([TabularPolicy]) is what to do, its value the discounted reward to expect of it.
/// 2. `io.torrefy.rl.planning`: with the model known, values are the solution of the Bellman equation
///    `v(s) = sum_a pi(a|s) sum p (r + gamma v(s'))`, and the best ones that of the same equation with a maximum over
///    actions. Value iteration sweeps it; policy iteration goes back and forth between a policy and its value.
/// 3. `io.torrefy.rl.stochastic`: without a model there are only samples. A mean is corrected by each of them, and so
///    is the root of any equation that is seen through noise.
/// 4. `io.torrefy.rl.montecarlo`: a value is a mean of returns, and can be sampled episode by episode. Its package page
///    goes on to GRPO, whose baseline is such a mean over a group of completions of one prompt.
/// 5. `io.torrefy.rl.temporal`: samples of the Bellman equation itself, from each step: TD, Sarsa, Q-learning.
/// 6. `io.torrefy.rl.approximation`: values that are linear in features, where states are too many for a table.
/// 7. `io.torrefy.rl.deep`: networks, for values (DQN), policies (REINFORCE) and both (A2C, PPO, DDPG).
///
/// Errors are target less estimate; gamma is in [0, 1), and 1 only where episodes end; nothing is bootstrapped from
/// beyond an outcome that terminates, and what is merely cut off is.
package io.torrefy.rl;
