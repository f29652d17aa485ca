package io.torrefy.tensor.internal;

import io.torrefy.tensor.PackedWeights.Format;

/// A weight (n, k) that [Backend#pack] laid out at an address.
public record PackedMatrix(Format format, int n, int k, long address) {}
