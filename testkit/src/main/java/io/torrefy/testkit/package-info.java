/// Golden values computed by other libraries, and what holds for every module, for the tests of all. Depends on no
/// module of Torrefy but `export`, which is on the lowest floor.
@NullMarked
package io.torrefy.testkit;

import org.jspecify.annotations.NullMarked;
