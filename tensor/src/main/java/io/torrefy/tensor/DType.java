package io.torrefy.tensor;

import io.torrefy.export.Export;

/// Element types. `F32` is the type of computation; `BF16` and `F16` are storage types whose arithmetic runs in f32;
/// `F64` is for references and gradient checks; `I32`, `I64`, `U8` hold ids and images; `BOOL` holds masks, a byte
/// each.
@Export(value = "tensor.DType", since = "0.1")
public enum DType {
    F32(4, true),
    F64(8, true),
    BF16(2, true),
    F16(2, true),
    I64(8, false),
    I32(4, false),
    U8(1, false),
    BOOL(1, false);

    private final int bytes;
    private final boolean floating;

    DType(int bytes, boolean floating) {
        this.bytes = bytes;
        this.floating = floating;
    }

    /// Size of one element in bytes.
    public int bytes() {
        return bytes;
    }

    /// Whether values of this type are floating-point numbers; only those carry gradients.
    public boolean isFloating() {
        return floating;
    }

    /// Whether this is a 16-bit storage type, computed on in f32.
    public boolean isHalf() {
        return this == BF16 || this == F16;
    }
}
