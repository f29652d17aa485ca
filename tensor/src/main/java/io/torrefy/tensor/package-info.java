/// Public API of the tensor module.
package io.torrefy.tensor;
