/// The work that is timed: one class a [io.torrefy.bench.Case].
@NullMarked
package io.torrefy.bench.cases;

import org.jspecify.annotations.NullMarked;
