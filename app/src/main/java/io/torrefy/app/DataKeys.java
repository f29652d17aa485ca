package io.torrefy.app;

import io.torrefy.posttrain.formats.Sample;
import io.torrefy.posttrain.formats.SampleFormat;
import io.torrefy.posttrain.formats.Samples;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import io.torrefy.tensor.SplitMix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/// The keys that say what is trained on, and what is held out to measure on.
final class DataKeys {
    /// Apart from the streams that orders and weights come from.
    private static final long SPLIT = 0x5b117;

    private final Key<List<Path>> files;
    private final Key<List<Path>> heldOut;
    private final Key<Double> fraction;

    /// @param formats what files may hold, for the template
    DataKeys(RecipeSchema schema, String formats) {
        files = schema.paths("data", "files to train on, JSON Lines or Parquet among others: " + formats);
        heldOut = schema.paths("eval_data", "files to measure on, of the same format");
        fraction = schema.number("validation_fraction", 0, "the share of data to measure on in place of eval_data")
                .where(x -> x >= 0 && x < 1, "0 to less than 1");
    }

    /// Samples.
    ///
    /// @param fingerprint of the files, as a resumed run needs the same
    record Split<T>(List<T> training, List<T> heldOut, String fingerprint) {
        <S> Split<S> map(Function<List<T>, List<S>> become) {
            return new Split<>(become.apply(training), become.apply(heldOut), fingerprint);
        }
    }

    /// Reads all files.
    ///
    /// @param formats one of which all samples have
    Optional<Split<Sample>> read(Recipe recipe, long seed, Problems problems, SampleFormat... formats) {
        problems.need(!recipe.get(files).isEmpty(), "data: expected files to train on; got none");
        problems.need(
                recipe.get(heldOut).isEmpty() || recipe.get(fraction) == 0,
                "eval_data and validation_fraction exclude each other: the one names what is held out, the other takes"
                        + " it from data");
        if (recipe.get(files).isEmpty()) {
            return Optional.empty();
        }
        Optional<List<Sample>> training = load(recipe.get(files), problems, formats);
        Optional<List<Sample>> named =
                recipe.get(heldOut).isEmpty() ? Optional.of(List.of()) : load(recipe.get(heldOut), problems, formats);
        if (training.isEmpty() || named.isEmpty()) {
            return Optional.empty();
        }
        List<Sample> all = training.get();
        int count = (int) Math.round(recipe.get(fraction) * all.size());
        problems.need(
                recipe.get(fraction) == 0 || count >= 1 && count < all.size(),
                "validation_fraction: expected a share that leaves samples on both sides; got " + count + " of "
                        + all.size());
        int[] order = count == 0 ? new int[0] : shuffled(all.size(), seed);
        return problems.attempt(() -> {
            String fingerprint = fingerprint(Stream.concat(recipe.get(files).stream(), recipe.get(heldOut).stream())
                    .toList());
            if (count == 0) {
                return new Split<>(all, named.get(), fingerprint);
            }
            boolean[] held = new boolean[all.size()];
            for (int i = 0; i < count; i++) {
                held[order[i]] = true;
            }
            List<Sample> kept = new ArrayList<>();
            List<Sample> out = new ArrayList<>();
            for (int i = 0; i < held.length; i++) {
                (held[i] ? out : kept).add(all.get(i));
            }
            return new Split<>(kept, out, fingerprint);
        });
    }

    private static Optional<List<Sample>> load(List<Path> names, Problems problems, SampleFormat... formats) {
        Optional<List<Sample>> samples = problems.attempt(() -> formats.length == 1
                ? Samples.load(DataFiles.expand(names), formats[0])
                : Samples.load(DataFiles.expand(names)));
        samples.ifPresent(some -> {
            Class<?> found = some.getFirst().getClass();
            problems.need(
                    Stream.of(formats).anyMatch(format -> found.getSimpleName().equals(className(format))),
                    names + ": expected samples of "
                            + String.join(
                                    " or ",
                                    Stream.of(formats).map(SampleFormat::label).toList())
                            + "; got " + found.getSimpleName());
        });
        return samples;
    }

    private static String className(SampleFormat format) {
        return (switch (format) {
                    case LANGUAGE_MODELING -> Sample.LanguageModeling.class;
                    case PROMPT_ONLY -> Sample.PromptOnly.class;
                    case PROMPT_COMPLETION -> Sample.PromptCompletion.class;
                    case PREFERENCE -> Sample.Preference.class;
                    case UNPAIRED_PREFERENCE -> Sample.UnpairedPreference.class;
                    case STEPWISE -> Sample.Stepwise.class;
                })
                .getSimpleName();
    }

    private static int[] shuffled(int count, long seed) {
        int[] order = new int[count];
        SplitMix random = new SplitMix(seed, SPLIT);
        for (int i = 0; i < count; i++) {
            int j = random.below(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    /// Tells files from others.
    static String fingerprint(List<Path> names) throws IOException {
        CRC32C sum = new CRC32C();
        for (Path file : DataFiles.expand(names)) {
            sum.update(Files.readAllBytes(file));
        }
        return HexFormat.of().toHexDigits((int) sum.getValue());
    }
}
