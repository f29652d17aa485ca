package io.torrefy.app;

import io.torrefy.posttrain.CurvePage;
import io.torrefy.posttrain.PicturePage;
import io.torrefy.rl.envs.Envs;
import io.torrefy.rl.envs.Grid;
import io.torrefy.rl.plot.Animation;
import io.torrefy.rl.plot.CurvePlot;
import io.torrefy.rl.plot.GridView;
import io.torrefy.rl.plot.Picture;
import io.torrefy.rl.plot.ValueScale;
import io.torrefy.tensor.SplitMix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a run looks like: files beside each other, and a page of them all.
record RlPictures(String env, String algorithm, RlResult result) {
    private static final double FRAME_SECONDS = 0.3;
    private static final double SCALE = 2;
    /// Steps of a trajectory, where nothing ends it.
    private static final int LONGEST = 100;
    /// Grids of more cells are not drawn.
    private static final int MOST_CELLS = 10_000;
    /// Episodes that a point of a curve is the mean of.
    private static final int WINDOW = 20;

    /// The grid with its values, where there is one.
    List<String> terminal() {
        boolean colored = Boolean.getBoolean("torrefy.terminal.out");
        return solved().map(view -> view.lines(colored)).orElse(List.of());
    }

    /// Algorithms with tables run in finite environments alone.
    private Optional<Grid> grid() {
        return Envs.finite(env) instanceof Grid grid && grid.states() <= MOST_CELLS
                ? Optional.of(grid)
                : Optional.empty();
    }

    private Optional<GridView> solved() {
        double[] values = result.values();
        int[] policy = result.policy();
        if (values == null || policy == null) {
            return Optional.empty();
        }
        return grid().map(grid -> GridView.of(grid).withValues(values).withPolicy(policy));
    }

    /// Writes `values.svg`, `values.png`, `actions.svg`, `trajectory.svg`, `learning.svg`, `learning.gif`,
    /// `curve.svg`,
    /// `curve.png`, as far as there is anything to draw, `result.json` and `report.html`.
    ///
    /// @return the page
    Path write(Path folder, Map<String, Object> facts) throws IOException {
        Map<String, String> figures = new LinkedHashMap<>();
        Optional<GridView> view = solved();
        if (view.isPresent()) {
            Picture values = view.get().withTitle("Values and policy").picture();
            save(folder, "values", values);
            figures.put("What it found", values.svg());
            Animation learning = learning(view.get());
            learning.writeSvg(folder.resolve("learning.svg"));
            learning.writeGif(folder.resolve("learning.gif"), 1);
            figures.put("How it came to it", learning.svg());
            Picture trajectory = trajectory(view.get()).picture();
            save(folder, "trajectory", trajectory);
            figures.put("Where it goes", trajectory.svg());
            Picture actions = actions(view.get()).picture();
            save(folder, "actions", actions);
            figures.put("What each action is worth", actions.svg());
        }
        Optional<Picture> curve = curve();
        if (curve.isPresent()) {
            save(folder, "curve", curve.get());
            figures.put("Curve", curve.get().svg());
        }
        Map<String, Object> all = new LinkedHashMap<>(facts);
        if (result.values() != null) {
            all.put("values", result.values());
        }
        if (result.policy() != null) {
            all.put("policy", result.policy());
        }
        all.put("returns", result.returns());
        all.put("residuals", result.residuals());
        CurvePage.write(folder.resolve("result.json"), Json.line(all) + "\n");
        Path page = folder.resolve("report.html");
        new PicturePage("Reinforcement learning", algorithm + " in " + env, lead(facts), figures, rows(facts))
                .write(page);
        return page;
    }

    private static void save(Path folder, String name, Picture picture) throws IOException {
        picture.writeSvg(folder.resolve(name + ".svg"));
        picture.writePng(folder.resolve(name + ".png"), SCALE);
    }

    private static String lead(Map<String, Object> facts) {
        return "gamma " + facts.get("gamma") + " · seed " + facts.get("seed");
    }

    private static List<List<String>> rows(Map<String, Object> facts) {
        List<List<String>> rows = new ArrayList<>();
        facts.forEach((name, value) -> rows.add(List.of(name.replace('_', ' '), String.valueOf(value))));
        return rows;
    }

    private Animation learning(GridView view) {
        // One scale for all frames, so that they compare.
        double[] values = result.values();
        ValueScale scale = ValueScale.withoutExtremes(values == null ? new double[0] : values);
        List<Picture> frames = new ArrayList<>();
        for (RlResult.Frame frame : result.frames()) {
            frames.add(GridView.of(view.grid())
                    .withValues(frame.values())
                    .withPolicy(frame.policy())
                    .withScale(scale)
                    .withTitle(frame.title())
                    .picture());
        }
        return new Animation(frames.isEmpty() ? List.of(view.picture()) : frames, FRAME_SECONDS);
    }

    /// The greedy policy from a first state on.
    private GridView trajectory(GridView view) {
        Grid grid = view.grid();
        int[] policy = result.policy();
        var random = new SplitMix(0, 0);
        int[] states = new int[LONGEST + 1];
        states[0] = grid.mdp().first(random.unit());
        int length = 1;
        for (; length <= LONGEST; length++) {
            int from = states[length - 1];
            int outcome = grid.mdp().outcome(from, policy == null ? 0 : policy[from], random.unit());
            states[length] = grid.mdp().next()[outcome];
            boolean rests = states[length] == from && grid.cell(from) == Grid.Cell.TARGET;
            if (grid.mdp().terminal()[outcome] || rests) {
                length++;
                break;
            }
        }
        return GridView.of(grid)
                .withTrajectory(Arrays.copyOf(states, length))
                .withTitle("One episode of the greedy policy");
    }

    private GridView actions(GridView view) {
        var q = result.actionValues();
        double[][] rows = new double[view.grid().states()][];
        for (int s = 0; s < rows.length; s++) {
            rows[s] = q == null
                    ? new double[view.grid().actions()]
                    : Arrays.copyOfRange(q.values(), s * q.actions(), (s + 1) * q.actions());
        }
        return GridView.of(view.grid()).withActionValues(rows).withTitle("Action values");
    }

    private Optional<Picture> curve() {
        if (result.residuals().length > 1) {
            return Optional.of(new CurvePlot(
                            "Largest change of a value",
                            "sweeps",
                            "change",
                            List.of(CurvePlot.Line.of(algorithm, result.residuals())),
                            true)
                    .picture());
        }
        return result.returns().length > 1
                ? Optional.of(returns(env, List.of(line(algorithm, List.of(result))), result.values() == null)
                        .picture())
                : Optional.empty();
    }

    /// Returns over episodes or steps.
    static CurvePlot returns(String env, List<CurvePlot.Line> lines, boolean networks) {
        return CurvePlot.of(
                networks
                        ? "Mean return of the last 100 episodes in " + env
                        : "Return in " + env + ", mean of " + WINDOW + " episodes",
                networks ? "steps" : "episodes",
                "return",
                lines);
    }

    /// A curve of some seeds.
    static CurvePlot.Line line(String name, List<RlResult> runs) {
        int points = runs.stream().mapToInt(run -> run.returns().length).min().orElse(0);
        double[][] returns =
                runs.stream().map(run -> Arrays.copyOf(run.returns(), points)).toArray(double[][]::new);
        RlResult first = runs.getFirst();
        return first.values() == null
                ? new CurvePlot.Line(name, Arrays.copyOf(first.at(), points), returns)
                : CurvePlot.Line.of(name, returns).smoothed(WINDOW);
    }
}
