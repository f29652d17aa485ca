package io.torrefy.tensor;

import io.torrefy.export.Export;

/// A picture of the caching allocator; all figures are since the JVM started.
///
/// @param liveBytes bytes in storages that some tensor holds
/// @param peakBytes the largest `liveBytes` since the start or the last `Memory.resetPeak()`
/// @param cachedBytes bytes freed by tensors and kept for the next ones
/// @param liveStorages storages that some tensor holds
/// @param allocations storages handed out
/// @param reused how many of these came from the cache
/// @param collectedLate tensors outside any scope that the garbage collector had to free
@Export(value = "tensor.MemoryStats", since = "0.1")
public record MemoryStats(
        long liveBytes,
        long peakBytes,
        long cachedBytes,
        long liveStorages,
        long allocations,
        long reused,
        long collectedLate) {}
