/// Monte Carlo: values learned from whole episodes, with no model.
///
/// The value of a state is the mean of the returns that follow it, so it can be sampled like any mean. Read in this
/// order: [Episode] is a sample; [McPrediction] averages returns ([Visits] says which of an episode); [McBasic] is
/// policy iteration with that in place of the model; [McExploringStarts] uses every pair of an episode and improves
/// after each; [McEpsilonGreedy] explores by itself; [OffPolicyMonteCarlo] learns about one policy from the episodes of
/// another, by weights that are ratios of their probabilities.
///
/// # From here to GRPO
///
/// Training a language model by GRPO is Monte Carlo on a process whose states are texts, whose actions are tokens, and
/// whose only reward comes at the end, with gamma = 1: the return of every step of a completion is its reward R, as in
/// first-visit Monte Carlo on an episode in which no state repeats. REINFORCE follows `R grad log pi(a|s)`; any number
/// b(s) may be taken off R without changing the mean of that gradient, because `sum_a pi(a|s) grad log pi(a|s) = 0`,
/// and the variance is smallest near b(s) = v(s). PPO learns v with a second network, by the temporal differences of
/// `io.torrefy.rl.temporal`. GRPO does what this package does: it samples a group of G completions of the same prompt,
/// that is G episodes from the same state, and takes the mean of their returns, [McPrediction]'s estimate of v(prompt)
/// with G episodes, as the baseline. Its advantage is `(R_i - mean R) / std R`; the mean is a Monte Carlo value, the
/// division only scales the step. And its ratio `pi / pi_old` is the weight of [OffPolicyMonteCarlo], clipped so that
/// one large weight cannot carry the estimate away.
package io.torrefy.rl.montecarlo;
