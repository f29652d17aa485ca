/// Values as linear functions of features, and how they are learned.
@NullMarked
package io.torrefy.rl.approximation;

import org.jspecify.annotations.NullMarked;
