/// Deep reinforcement learning on tensors: one algorithm, one file.
@NullMarked
package io.torrefy.rl.deep;

import org.jspecify.annotations.NullMarked;
