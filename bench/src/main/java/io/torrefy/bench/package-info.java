/// Side-by-side runs against peers: `./torrefy bench`.
@NullMarked
package io.torrefy.bench;

import org.jspecify.annotations.NullMarked;
