package io.torrefy.posttrain;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Lora;
import io.torrefy.tensor.Autograd;
import io.torrefy.tensor.Rng;
import io.torrefy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Rollouts on a thread of their own while the model is updated, by a fixed schedule: the batch of step `k` is sampled
/// with the weights after `max(0, k - maxStaleness)` steps, neither newer nor older, however fast either side is. So a
/// seed gives the same bits on any machine, and no batch is ever too stale; a side that is early waits.
///
/// The sampler never sees weights in the middle of an update: it has a model of its own, into which a version is copied
/// between two batches. Beside the trained model this takes its weights once more (all of them), its packed form for
/// decoding, and up to `maxStaleness` versions that wait to be sampled from (what is trained only: of an adapter its
/// factors).
///
/// Batches that were sampled and not yet trained on cannot be sampled again from a checkpoint's weights, so a
/// checkpoint holds them ([#save]), and a run goes on from it bit for bit.
final class AsyncRollout implements AutoCloseable {
    private static final String FILE = "replay.json";

    private final CausalLm trained;
    private final CausalLm copy;
    private final Generator generator;
    private final GroupSampler sampler;
    private final int maxStaleness;
    private final long steps;
    private final ExecutorService thread;
    /// By step, those under way included.
    private final TreeMap<Long, Future<RolloutBatch>> buffer = new TreeMap<>();

    private long nextToSample;
    private volatile boolean stopping;

    AsyncRollout(
            CausalLm trained,
            @Nullable Lora adapter,
            long steps,
            int maxStaleness,
            Function<CausalLm, Generator> generator,
            Function<Generator, GroupSampler> sampler) {
        this.trained = trained;
        this.steps = steps;
        this.maxStaleness = maxStaleness;
        copy = copyOf(trained, adapter);
        this.generator = generator.apply(copy);
        this.sampler = sampler.apply(this.generator);
        thread = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("torrefy-rollout").daemon().factory());
    }

    private static CausalLm copyOf(CausalLm model, @Nullable Lora adapter) {
        CausalLm copy = CausalLm.create(model.config(), Rng.of(0));
        copy.freeze(model.format());
        if (adapter != null) {
            Lora.attach(copy, adapter.options(), Rng.of(0));
        }
        copy.load(model.state());
        return copy;
    }

    /// The batch of a step, which the weights have done exactly that many of. Starts on those that may be sampled
    /// with these weights.
    ///
    /// @throws RunException if the rollout failed
    RolloutBatch next(long step) {
        Map<String, Tensor> version = nextToSample <= last(step) ? snapshot() : Map.of();
        for (; nextToSample <= last(step); nextToSample++) {
            submit(nextToSample, step, version);
            version = Map.of();
        }
        Future<RolloutBatch> waiting = buffer.remove(step);
        if (waiting == null) {
            throw new IllegalStateException("[async rollout] expected steps in their order; got step " + step
                    + " where " + buffer.keySet() + " are sampled");
        }
        RolloutBatch batch = await(waiting);
        if (step - batch.version() > maxStaleness) {
            throw new IllegalStateException("[async rollout] expected a batch of weights at most " + maxStaleness
                    + " steps old; got one of " + (step - batch.version()) + " at step " + (step + 1));
        }
        return batch;
    }

    private long last(long step) {
        return Math.min(step + maxStaleness, steps - 1);
    }

    private Map<String, Tensor> snapshot() {
        Map<String, Tensor> version = new LinkedHashMap<>();
        try (Autograd.Mode _ = Autograd.noGrad()) {
            trained.trainableParameters()
                    .forEach((name, p) -> version.put(name, p.copy().keep()));
        }
        return version;
    }

    /// @param weights of the version; none where the batch before was of the same
    private void submit(long step, long version, Map<String, Tensor> weights) {
        buffer.put(step, thread.submit(() -> {
            try (Autograd.Mode _ = Autograd.noGrad()) {
                Map<String, Tensor> mine = copy.namedParameters();
                weights.forEach(
                        (name, value) -> Objects.requireNonNull(mine.get(name)).copyFrom(value));
            } finally {
                weights.values().forEach(Tensor::close);
            }
            if (stopping) {
                throw new CancellationException("[async rollout] stopped");
            }
            return sampler.sample(step, version);
        }));
    }

    private static RolloutBatch await(Future<RolloutBatch> batch) {
        try {
            return batch.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("[async rollout] interrupted while waiting for a batch");
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException known -> throw known;
                case Error known -> throw known;
                case null, default -> throw new IllegalStateException("[async rollout] failed", e);
            }
        }
    }

    /// Writes the batches that are sampled and not yet trained on; waits for those under way.
    void save(Path folder) throws IOException {
        ArrayNode all = RunJson.MAPPER.createArrayNode();
        for (Future<RolloutBatch> batch : buffer.values()) {
            all.add(await(batch).toJson());
        }
        Files.write(folder.resolve(FILE), RunJson.MAPPER.writeValueAsBytes(all));
    }

    /// Takes up the batches that [#save] wrote.
    void restore(Path folder) throws IOException {
        JsonNode all;
        try {
            all = RunJson.MAPPER.readTree(Files.readAllBytes(folder.resolve(FILE)));
        } catch (JacksonException e) {
            throw new IOException(folder.resolve(FILE) + " is no JSON (" + e.getOriginalMessage() + ")", e);
        }
        for (JsonNode one : all) {
            RolloutBatch batch = RolloutBatch.fromJson(one);
            FutureTask<RolloutBatch> done = new FutureTask<>(() -> batch);
            done.run();
            buffer.put(batch.step(), done);
            nextToSample = batch.step() + 1;
        }
    }

    /// Stops after the batch under way and frees the sampler's model.
    @Override
    public void close() {
        stopping = true;
        thread.shutdown();
        boolean interrupted = false;
        while (true) {
            try {
                if (thread.awaitTermination(1, TimeUnit.MINUTES)) {
                    break;
                }
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        generator.close();
        copy.close();
    }
}
