/// Stochastic approximation: finding what can only be sampled, one sample at a time.
///
/// Read in this order. [IncrementalMean] is the simplest case, a mean that is corrected by each sample. [RobbinsMonro]
/// finds the root of any function that is seen through noise by the same correction; [StepSize] says which step sizes
/// it needs and [Conditions] what happens without. [GradientDescent] is Robbins-Monro for the root of a gradient.
/// [Dvoretzky] is the theorem behind all of them, and behind temporal differences: `q += alpha * (target - q)` in
/// `io.torrefy.rl.temporal` is this line again.
package io.torrefy.rl.stochastic;
