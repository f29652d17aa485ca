/// The kernels alone, under JMH: `./torrefy bench --jmh`.
@NullMarked
package io.torrefy.bench.jmh;

import org.jspecify.annotations.NullMarked;
