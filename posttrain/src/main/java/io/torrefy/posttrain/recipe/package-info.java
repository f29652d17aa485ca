/// Recipes: YAML files that say what to run, checked against a schema before anything does.
@NullMarked
package io.torrefy.posttrain.recipe;

import org.jspecify.annotations.NullMarked;
