/// Planning: the values and the best policy of a process whose model is known.
///
/// Read in this order. [Bellman] is the equation, for a policy and for the best one. [PolicyEvaluation] solves the
/// first by sweeps, [ValueIteration] the second; [PolicyIteration] goes back and forth between a policy and its value,
/// and [TruncatedPolicyIteration] is all that lies between the two. [Plan] is what they come to.
package io.torrefy.rl.planning;
