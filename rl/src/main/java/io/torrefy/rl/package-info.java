/// Environments, finite Markov decision processes and the algorithms that solve them.
package io.torrefy.rl;
