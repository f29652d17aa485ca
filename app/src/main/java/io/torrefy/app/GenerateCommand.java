package io.torrefy.app;

import io.torrefy.lm.Completion;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `torrefy generate`.
@Command(name = "generate", description = "Goes on with a text, and shows the tokens as they are chosen.")
final class GenerateCommand implements Callable<Integer> {
    @Option(names = "--prompt", paramLabel = "TEXT", description = "The text to go on with.")
    private Optional<String> prompt = Optional.empty();

    @Option(names = "--file", paramLabel = "FILE", description = "A file with the text; - for standard input.")
    private Optional<Path> file = Optional.empty();

    @Option(
            names = "--samples",
            paramLabel = "N",
            description = "How many texts to write; each is the same whatever N is. Default: ${DEFAULT-VALUE}.")
    private int samples = 1;

    @Mixin
    private ModelOption model = new ModelOption();

    @Mixin
    private WeightsOption weights = new WeightsOption();

    @Mixin
    private SamplingOptions options = new SamplingOptions();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        common.apply();
        common.check(samples >= 1, "--samples", "at least 1", samples);
        if (prompt.isPresent() == file.isPresent()) {
            throw common.bad("Expected either '--prompt=TEXT' or '--file=FILE' (- for standard input)");
        }
        // Bad usage shows before a large model is read.
        Sampling wanted = options.sampling(common, Set.of());
        String text = prompt.isPresent() ? prompt.get() : read(file.orElseThrow());
        Loaded loaded = model.load();
        Sampling sampling = wanted.withStopIds(loaded.stopIds());
        int[] ids = loaded.prompt(text);
        TextStream stream = new TextStream(loaded.tokenizer(), sampling);
        long start = System.nanoTime();
        List<Completion> done;
        try (Generator generator =
                Generator.of(loaded.model(), loaded.tokenizer(), Math.min(samples, 32), weights.format())) {
            done = generator.generate(Collections.nCopies(samples, ids), sampling, 0, (_, id) -> {
                if (samples == 1) {
                    write(stream.accept(id));
                }
            });
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        if (samples == 1) {
            write(stream.finish() + "\n");
        }
        List<Map<String, Object>> texts = new ArrayList<>();
        for (int i = 0; i < samples; i++) {
            String written = TextStream.text(loaded.tokenizer(), sampling, done.get(i));
            if (samples > 1) {
                write("--- " + (i + 1) + "\n" + written + "\n");
            }
            texts.add(json(written, done.get(i)));
        }
        int tokens = done.stream().mapToInt(c -> c.ids().length).sum();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("model", model.folder().toString());
        json.put("seed", sampling.seed());
        json.put("prompt_tokens", ids.length);
        json.put("tokens", tokens);
        json.put("tokens_per_second", tokens / seconds);
        json.put("seconds", seconds);
        json.put("samples", texts);
        common.result(json);
        return 0;
    }

    private static String read(Path file) throws IOException {
        return file.toString().equals("-")
                ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                : Files.readString(file);
    }

    private void write(String text) {
        common.out().print(text);
        common.out().flush();
    }

    private static Map<String, Object> json(String text, Completion completion) {
        double logProb = 0;
        for (float one : completion.logProbs()) {
            logProb += one;
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("text", text);
        json.put("tokens", completion.ids().length);
        json.put("log_prob", logProb);
        json.put("finish", completion.finish().name().toLowerCase(Locale.ROOT));
        return json;
    }
}
