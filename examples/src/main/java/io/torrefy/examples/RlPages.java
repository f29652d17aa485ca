package io.torrefy.examples;

import io.torrefy.rl.plot.Picture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.function.Supplier;

/// Draws the pictures of `docs/rl.md`, every one from fixed seeds: the same bytes again on any machine.
///
/// `java -m io.torrefy.examples/io.torrefy.examples.RlPages FOLDER [NAME …]`
final class RlPages {
    private static final SequencedMap<String, Supplier<Picture>> PICTURES = pictures();

    private RlPages() {}

    private static SequencedMap<String, Supplier<Picture>> pictures() {
        SequencedMap<String, Supplier<Picture>> all = new LinkedHashMap<>();
        all.put("bellman", RlTables::bellman);
        all.put("planning", RlTables::planning);
        all.put("descent", RlSamples::descent);
        all.put("robbins-monro", RlSamples::robbinsMonro);
        all.put("mc-basic", RlTables::mcBasic);
        all.put("mc-control", RlTables::mcControl);
        all.put("epsilon-greedy", RlTables::epsilonGreedy);
        all.put("importance-sampling", RlSamples::importanceSampling);
        all.put("td", RlSamples::temporalDifferences);
        all.put("cliff", RlTables::cliff);
        all.put("cliff-paths", RlTables::cliffPaths);
        all.put("double-q", RlTables::maximisationBias);
        all.put("linear-values", RlTables::linearValues);
        all.put("mountain-car", RlTables::mountainCar);
        all.put("dqn", RlNetworks::dqn);
        all.put("policy-gradient", RlNetworks::policyGradient);
        all.put("actor-critic", RlNetworks::actorCritic);
        all.put("ddpg", RlNetworks::ddpg);
        all.put("group-baseline", RlGroups::baseline);
        all.put("group-gradient", RlGroups::gradient);
        return all;
    }

    /// What there is to draw, in the order of the page.
    static List<String> names() {
        return List.copyOf(PICTURES.keySet());
    }

    static void main(String[] args) throws IOException {
        if (args.length == 0) {
            System.err.println("[rl pages] expected a folder and, if not all, the pictures to draw: "
                    + String.join(", ", PICTURES.keySet()));
            System.exit(2);
        }
        List<String> chosen = Arrays.asList(args).subList(1, args.length);
        for (String name : chosen.isEmpty() ? names() : chosen) {
            long start = System.nanoTime();
            Path file = write(Path.of(args[0]), name);
            double seconds = (System.nanoTime() - start) * 1e-9;
            System.out.printf(Locale.ROOT, "%s: %d bytes, %.1f s%n", file, Files.size(file), seconds);
        }
    }

    /// Writes `NAME.svg` into a folder, which it makes.
    ///
    /// @throws IllegalArgumentException on a name that no picture has
    static Path write(Path folder, String name) throws IOException {
        Supplier<Picture> picture = PICTURES.get(name);
        if (picture == null) {
            String known = String.join(", ", PICTURES.keySet());
            throw new IllegalArgumentException("[rl pages] expected one of " + known + "; got '" + name + "'.");
        }
        Files.createDirectories(folder);
        Path file = folder.resolve(name + ".svg");
        picture.get().writeSvg(file);
        return file;
    }
}
