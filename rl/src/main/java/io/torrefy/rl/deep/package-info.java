/// Deep reinforcement learning on tensors: one algorithm, one file, numbered as its source numbers it. In the order in
/// which each answers what the one before leaves open:
///
/// | algorithm | what moves | what it adds |
/// |---|---|---|
/// | [Dqn][io.torrefy.rl.deep.Dqn] | q(s, a) towards `r + gamma max_a q'(s', a)` | a network for the table, a buffer of
/// old steps, a copy of the network that holds still |
/// | [Reinforce][io.torrefy.rl.deep.Reinforce] | ln pi(a\|s), by the return of the episode | a policy that is learned
/// itself, and may stay random; a baseline that takes noise away and no bias in |
/// | [Qac][io.torrefy.rl.deep.Qac] | ln pi(a\|s), by a critic's q(s, a) | learning at every step, before the episode
/// ends |
/// | [A2c][io.torrefy.rl.deep.A2c] | ln pi(a\|s), by the advantage | how much better than usual, from one step to the
/// whole return by lambda ([Gae][io.torrefy.rl.deep.Gae]) |
/// | [Ppo][io.torrefy.rl.deep.Ppo] | pi / pi_old, clipped | several passes over the same steps |
/// | [OffPolicyActorCritic][io.torrefy.rl.deep.OffPolicyActorCritic] | as A2C, times pi / beta | learning from what
/// another policy does |
/// | [Ddpg][io.torrefy.rl.deep.Ddpg] | mu(s) up the critic's slope | actions that are vectors |
///
/// From here to GRPO it is one step: PPO whose advantage needs no critic, because each prompt is answered several times
/// and a completion is better or worse than the group's mean return, which is REINFORCE's baseline.
///
/// What all share is in [Agent][io.torrefy.rl.deep.Agent]. An episode that is *terminated* has nothing behind it; one
/// that is *truncated* has, and every algorithm here bootstraps from it.
@NullMarked
package io.torrefy.rl.deep;

import org.jspecify.annotations.NullMarked;
