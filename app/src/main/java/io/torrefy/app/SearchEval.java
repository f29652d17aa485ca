package io.torrefy.app;

import io.torrefy.posttrain.CurvePage;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.RunFolder;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.search.GeneratorPolicy;
import io.torrefy.posttrain.search.SearchComparison;
import io.torrefy.posttrain.search.SearchScore;
import io.torrefy.posttrain.search.Searches;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/// `torrefy eval --search`: searches side by side on the same problems.
final class SearchEval {
    @Option(
            names = "--search",
            paramLabel = "LIST",
            description = "Compares searches by accuracy and tokens spent: names with arguments, such as"
                    + " greedy,best-of-8,majority-8,weighted-majority-8,beam-4,step-beam-8:separator=comma,"
                    + "mcts-16:budget=1000. Each takes scorer=NAME. torrefy api list posttrain.search shows all.")
    private Optional<String> searches = Optional.empty();

    @Option(
            names = "--scorer",
            paramLabel = "NAME",
            description = "Of searches that name none: log-prob, countdown, rollouts-4, accuracy,"
                    + " process_reward:model=DIR (a trained process reward model), or an exported name."
                    + " Default: countdown for the task countdown, else log-prob.")
    private Optional<String> scorer = Optional.empty();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "With --search: the folder for search.json and search.html. Default: the next runs/search-N.")
    private Optional<Path> out = Optional.empty();

    private List<Searches.Named> chosen = List.of();

    boolean asked() {
        return searches.isPresent();
    }

    /// Reads the options before anything is loaded.
    void read(CommonOptions common, Task task) {
        common.check(asked() || scorer.isEmpty(), "--scorer", "--search with it", scorer.orElse(""));
        common.check(
                asked() || out.isEmpty(),
                "--out",
                "--search with it",
                out.map(Path::toString).orElse(""));
        if (asked()) {
            try {
                String usual = task.name().equals("countdown") ? "countdown" : "log-prob";
                chosen = Searches.parse(searches.orElseThrow(), scorer.orElse(usual));
            } catch (IllegalArgumentException e) {
                throw common.bad("Invalid value for option '--search': " + e.getMessage());
            }
        }
    }

    /// Runs all searches, prints the table, and writes the page and the numbers.
    void run(
            CommonOptions common,
            Loaded loaded,
            Task task,
            List<Problem> problems,
            int maxTokens,
            long seed,
            Map<String, Object> about)
            throws IOException {
        Path folder =
                out.isPresent() ? Files.createDirectories(out.get()) : RunFolder.create(Path.of("runs"), "search");
        List<SearchScore> scores = new ArrayList<>();
        int slots = Math.min(128, 8 * problems.size());
        try (GeneratorPolicy policy = GeneratorPolicy.of(loaded.model(), loaded.tokenizer(), slots, seed)) {
            for (Searches.Named search : chosen) {
                SearchProgress progress = new SearchProgress(common.err(), search.label(), problems.size());
                scores.add(SearchScore.of(search, policy, task, problems, maxTokens, progress::show));
                progress.done();
            }
        } finally {
            chosen.forEach(search -> search.search().close());
        }
        SearchComparison comparison = new SearchComparison(scores);
        comparison.table().forEach(common.out()::println);
        if (scores.stream().anyMatch(SearchScore::asksVerifier)) {
            common.out().println("verifier yes: it was told which answers are right, which only training may be.");
        }
        Map<String, Object> json = new LinkedHashMap<>(about);
        json.putAll(comparison.toMap());
        CurvePage.write(folder.resolve("search.json"), Json.line(json) + "\n");
        Path page = folder.resolve("search.html");
        comparison.page(lead(task, problems, seed, about)).write(page);
        common.out().println("Report: " + page);
        json.put("report", page.toString());
        common.result(json);
    }

    private static String lead(Task task, List<Problem> problems, long seed, Map<String, Object> about) {
        return String.format(
                Locale.ROOT,
                "%d %s problems of %s · %s · seed %d",
                problems.size(),
                about.get("split"),
                task.name(),
                about.get("model"),
                seed);
    }
}
