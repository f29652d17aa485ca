/// Environments: the grid world, Gymnasium's toy texts and classic control, and the names they go by.
package io.torrefy.rl.envs;
