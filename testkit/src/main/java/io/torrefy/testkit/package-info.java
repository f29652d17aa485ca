/// Golden values computed by other libraries, for the tests of every module. Depends on no module of Torrefy.
@NullMarked
package io.torrefy.testkit;

import org.jspecify.annotations.NullMarked;
