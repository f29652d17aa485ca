/// Pictures of reinforcement learning: grids with values and policies, learning curves, animations; as SVG, PNG, GIF
/// and in the terminal.
package io.torrefy.rl.plot;
