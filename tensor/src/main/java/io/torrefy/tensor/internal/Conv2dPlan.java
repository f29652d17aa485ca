package io.torrefy.tensor.internal;

/// Geometry of a 2-D convolution of one image and group.
public record Conv2dPlan(
        int channels,
        int h,
        int w,
        int kh,
        int kw,
        int strideH,
        int strideW,
        int padH,
        int padW,
        int dilationH,
        int dilationW,
        int oh,
        int ow) {}
