package io.torrefy.bench;

import com.fasterxml.jackson.databind.JsonNode;

/// One piece of work that a worker opens, runs many times and closes. What is not to be timed (making inputs, loading a
/// model, packing its weights) belongs into [Opener#open], usually a constructor. Every run does the same work.
public interface Case extends AutoCloseable {
    /// How much one run does, which its speed is computed from.
    Work work();

    /// Does it once, to its end: nothing may be left running.
    void run() throws Exception;

    /// Frees what was opened. Called once, also after a run that failed.
    @Override
    void close();

    /// The work of one run.
    ///
    /// @param amount how much
    /// @param unit of what, in the plural: `flops`, `tokens`, `elements`, `bytes`
    record Work(double amount, String unit) {}

    /// Makes a case ready to run.
    @FunctionalInterface
    interface Opener {
        /// @param args what the table's row says about the work: sizes, variants
        /// @param threads how many threads to compute with; Torrefy's own pool is already set to it
        Case open(JsonNode args, int threads) throws Exception;
    }
}
