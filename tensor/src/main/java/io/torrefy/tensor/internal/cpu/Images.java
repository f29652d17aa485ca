package io.torrefy.tensor.internal.cpu;

import io.torrefy.tensor.DType;
import io.torrefy.tensor.internal.Conv2dPlan;

/// Convolution unfolding and bicubic interpolation.
final class Images {
    private Images() {}

    static void im2col(DType type, Conv2dPlan plan, long x, long columns) {
        throw new UnsupportedOperationException("im2col");
    }

    static void col2im(DType type, Conv2dPlan plan, long columns, long x) {
        throw new UnsupportedOperationException("col2im");
    }

    static void bicubic(DType type, long planes, long h, long w, long oh, long ow, long x, long y) {
        throw new UnsupportedOperationException("bicubic");
    }

    static void bicubicBackward(DType type, long planes, long h, long w, long oh, long ow, long dy, long dx) {
        throw new UnsupportedOperationException("bicubicBackward");
    }
}
