package io.torrefy.posttrain.search;

import io.torrefy.export.Export;

/// What a search settled on.
///
/// @param score what the search chose it by, in the search's own unit
@Export(value = "posttrain.search.Solution", since = "0.1")
public record Solution(Draft draft, double score) {}
