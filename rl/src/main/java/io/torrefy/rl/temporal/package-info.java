/// Temporal differences: values learned from each step, by the next estimate instead of the end of the episode.
///
/// All of them are one line, `q += alpha * (target - q)`, Robbins and Monro's step for the Bellman equation, and differ
/// in the target. The error is target less estimate everywhere; some texts write it the other way round.
///
/// | Algorithm | Target | Solves the Bellman equation of |
/// |---|---|---|
/// | [Td0] | `r + gamma v(s')` | the policy followed |
/// | [BatchTd] | the same, over a fixed set of steps | the likeliest model of the data |
/// | [NStepTd] | n rewards, then `gamma^n v` | the policy followed |
/// | [TdLambda] | all n at once, weighted by lambda^(n-1) | the policy followed |
/// | [Sarsa] | `r + gamma q(s', a')` | the policy followed |
/// | [ExpectedSarsa] | `r + gamma sum pi(a'\|s') q(s', a')` | the policy followed |
/// | [NStepSarsa] | n rewards, then `gamma^n q` | the policy followed |
/// | [QLearning] | `r + gamma max q(s', .)` | the best policy, whatever is followed |
/// | [DoubleQLearning] | `r + gamma q2(s', argmax q1)` | the same, without the bias of the maximum |
///
/// Nothing is bootstrapped from a state after an outcome that terminates; an episode that is only cut off is
/// bootstrapped.
package io.torrefy.rl.temporal;
