/// Values and policies as functions with parameters, between the table and the network: linear in features that are
/// chosen by hand.
///
/// - [PolynomialFeatures][io.torrefy.rl.approximation.PolynomialFeatures],
///   [FourierFeatures][io.torrefy.rl.approximation.FourierFeatures] and
///   [TileCoding][io.torrefy.rl.approximation.TileCoding] make features; with one-hot ones everything here is a table.
/// - [LinearTd][io.torrefy.rl.approximation.LinearTd] evaluates a policy,
///   [LinearSarsa][io.torrefy.rl.approximation.LinearSarsa] and
///   [LinearQLearning][io.torrefy.rl.approximation.LinearQLearning] improve one. The updates are *semi*-gradients: the
///   target moves with the weights too, and its gradient is left out.
/// - [LinearEvaluation][io.torrefy.rl.approximation.LinearEvaluation] computes what TD converges to, where the model is
///   known, and [SoftmaxPolicyGradient][io.torrefy.rl.approximation.SoftmaxPolicyGradient] the gradient that the policy
///   gradient methods sample.
/// - Function approximation, bootstrapping and learning off the policy may together diverge
///   ([Divergence][io.torrefy.rl.approximation.Divergence] tells).
@NullMarked
package io.torrefy.rl.approximation;

import org.jspecify.annotations.NullMarked;
