package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.io.PrintStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/// Shows a run as it goes. In a terminal, three lines that are redrawn in place:
///
/// ```
///  step  84/200  ━━━━━━━━━━━━━━━╸────────────────────  42%   1.93 steps/s   0:43 gone   1:00 to go
///  reward 0.612 ▁▁▂▃▃▄▅▅▆▇█   accuracy 58.6% ▁▁▂▂▃▄▄▅▆▇█   held-out 21.4% → 60.2%
///  length 54.2   kl 0.0123   entropy 0.831   4,210 tokens/s   rollout
/// ```
///
/// Elsewhere a plain line every few steps. Metrics are known by the names in [RunMetrics]. Safe for use by several
/// threads; [#close] before anything else is written to the stream.
@Export(value = "posttrain.Progress", since = "0.1")
public final class Progress implements AutoCloseable {
    private static final int PLAIN_LINES = 40;
    private static final Duration REDRAW = Duration.ofMillis(100);
    private static final Duration TICK = Duration.ofMillis(500);
    private static final Duration ASK_WIDTH = Duration.ofSeconds(2);
    /// Steps the rate is measured over.
    private static final int WINDOW = 20;

    private static final String ESCAPE = "\u001b[";
    private static final String CLEAR_RIGHT = ESCAPE + "K";
    private static final String CLEAR_BELOW = ESCAPE + "J";
    private static final String NO_WRAP = ESCAPE + "?7l";
    private static final String WRAP = ESCAPE + "?7h";

    private static final String BOLD = "1";
    private static final String DIM = "2";
    private static final String ORANGE = "38;5;173";
    private static final String GREEN = "38;5;71";

    private final PrintStream out;
    private final Terminal terminal;
    private final InstantSource clock;
    private final long steps;
    private final long began;
    private final Map<String, Double> latest = new LinkedHashMap<>();
    private final List<Double> rewards = new ArrayList<>();
    private final List<Double> accuracies = new ArrayList<>();
    private final List<Double> evaluations = new ArrayList<>();
    private final List<Double> validations = new ArrayList<>();
    /// Times at which the last steps ended, in milliseconds.
    private final ArrayDeque<Long> ends = new ArrayDeque<>();

    private long step;
    private String phase = "";
    private int drawnLines;
    private long drawnAt;
    private int width;
    private long widthAskedAt;
    private boolean closed;

    private Progress(PrintStream out, Terminal terminal, InstantSource clock, long stepsDone, long steps) {
        this.out = out;
        this.terminal = terminal;
        this.clock = clock;
        this.step = stepsDone;
        this.steps = steps;
        this.began = clock.millis();
        this.ends.add(began);
    }

    /// Starts to show a run of `steps` steps, of which `stepsDone` were done before it was resumed.
    public static Progress start(PrintStream out, Terminal terminal, long stepsDone, long steps) {
        var progress = new Progress(out, terminal, InstantSource.system(), stepsDone, steps);
        if (terminal.live()) {
            Thread.ofVirtual().name("progress").start(progress::tick);
        }
        return progress;
    }

    /// For tests: draws only when told to.
    static Progress start(PrintStream out, Terminal terminal, InstantSource clock, long stepsDone, long steps) {
        return new Progress(out, terminal, clock, stepsDone, steps);
    }

    /// Keeps the clock going while a step takes its time.
    private void tick() {
        try {
            while (draw()) {
                Thread.sleep(TICK);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized boolean draw() {
        if (!closed) {
            redraw(true);
        }
        return !closed;
    }

    /// Shows the metrics of a step that has ended; names seen before and not given keep their last values.
    public synchronized void step(long done, Map<String, Double> metrics) {
        step = done;
        ends.add(clock.millis());
        while (ends.size() > WINDOW + 1) {
            ends.remove();
        }
        latest.putAll(metrics);
        remember(metrics, RunMetrics.REWARD, rewards);
        remember(metrics, RunMetrics.ACCURACY, accuracies);
        remember(metrics, RunMetrics.EVAL_ACCURACY, evaluations);
        if (terminal.live()) {
            redraw(done == steps);
        } else if (done == 1 || done == steps || done % Math.max(1, steps / PLAIN_LINES) == 0) {
            out.println(plainLine());
            out.flush();
        }
    }

    /// Shows an accuracy that belongs to no step's metrics: the held-out one before the first, for example.
    ///
    /// @param split the problems it was measured on
    public synchronized void evaluation(Split split, double accuracy) {
        boolean heldOut = split == Split.HELD_OUT;
        (heldOut ? evaluations : validations).add(accuracy);
        if (terminal.live()) {
            redraw(true);
        } else {
            message("step " + step + ": " + (heldOut ? "held-out" : "validation") + " accuracy "
                    + Figures.percent(accuracy));
        }
    }

    /// Says what goes on within a step: `rollout`, `update`, `evaluating 120/500`. Not shown in plain lines.
    public synchronized void phase(String what) {
        phase = what;
        if (terminal.live()) {
            redraw(false);
        }
    }

    /// Writes a line that stays, above the display.
    public synchronized void message(String line) {
        if (drawnLines > 0) {
            out.print(home() + CLEAR_BELOW);
            drawnLines = 0;
        }
        out.println(line);
        if (terminal.live() && !closed) {
            redraw(true);
        }
        out.flush();
    }

    /// Writes what went wrong as a line that stays.
    public void trouble(Trouble trouble) {
        var sign = terminal.unicode() ? "⚠ " : "! ";
        var line = sign + trouble.sentence();
        message(terminal.color() ? ESCAPE + ORANGE + "m" + line + ESCAPE + "0m" : line);
    }

    private static void remember(Map<String, Double> metrics, String name, List<Double> history) {
        if (metrics.containsKey(name)) {
            history.add(metrics.getOrDefault(name, Double.NaN));
        }
    }

    private void redraw(boolean now) {
        long time = clock.millis();
        if (!now && time - drawnAt < REDRAW.toMillis()) {
            return;
        }
        if (width == 0 || time - widthAskedAt > ASK_WIDTH.toMillis()) {
            width = terminal.width();
            widthAskedAt = time;
        }
        var frame = new StringBuilder(home());
        var lines = lines();
        // written over, not cleared first, so nothing flickers;
        // without line wrap a window made narrower never takes more lines than were counted
        frame.append(NO_WRAP);
        for (var line : lines) {
            frame.append(line.render(terminal.color())).append(CLEAR_RIGHT).append('\n');
        }
        frame.append(CLEAR_BELOW).append(WRAP);
        out.print(frame);
        out.flush();
        drawnLines = lines.size();
        drawnAt = time;
    }

    /// Back to the first line of the display.
    private String home() {
        return drawnLines == 0 ? "" : "\r" + ESCAPE + drawnLines + "A";
    }

    private List<StyledLine> lines() {
        return Stream.of(barLine(), curveLine(), numberLine())
                .filter(line -> line.length() > 0)
                .toList();
    }

    private StyledLine barLine() {
        var total = String.valueOf(steps);
        var line = new StyledLine(width)
                .add(" step ", DIM)
                .add(
                        " "
                                        .repeat(total.length()
                                                - Math.min(
                                                        total.length(),
                                                        String.valueOf(step).length()))
                                + step,
                        BOLD)
                .add("/" + total + "  ", DIM);
        var numbers =
                String.format(Locale.ROOT, "  %3d%%   %s   %s gone", percentDone(), rate(), Figures.clock(gone()));
        var left = step < steps && rateKnown() ? "   " + Figures.clock(left()) + " to go" : "";
        int bar = Math.clamp((long) width - line.length() - numbers.length() - left.length() - 1, 0, 40);
        if (bar >= 8) {
            bar(line, bar);
        }
        return line.add(numbers, "").add(left, BOLD);
    }

    private void bar(StyledLine line, int cells) {
        double filled = steps == 0 ? cells : (double) cells * step / steps;
        int whole = (int) filled;
        boolean half = terminal.unicode() && filled - whole >= 0.5;
        line.add((terminal.unicode() ? "━" : "=").repeat(whole) + (half ? "╸" : ""), ORANGE);
        line.add((terminal.unicode() ? "─" : "-").repeat(cells - whole - (half ? 1 : 0)), DIM);
    }

    private StyledLine curveLine() {
        var line = new StyledLine(width);
        boolean both = !rewards.isEmpty() && !accuracies.isEmpty();
        int room = width - (both ? 32 : 16) - (evaluations.isEmpty() ? 0 : 28);
        int curve = Math.clamp(both ? room / 2 : room, 0, 30);
        if (!rewards.isEmpty()) {
            line.add(" reward ", DIM)
                    .add(Figures.number(rewards.getLast()), BOLD)
                    .add(" " + spark(rewards, curve), ORANGE);
        }
        if (!accuracies.isEmpty()) {
            line.add(rewards.isEmpty() ? " accuracy " : "   accuracy ", DIM)
                    .add(Figures.percent(accuracies.getLast()), BOLD)
                    .add(" " + spark(accuracies, curve), GREEN);
        }
        if (!evaluations.isEmpty()) {
            boolean first = rewards.isEmpty() && accuracies.isEmpty();
            line.add(first ? " held-out " : "   held-out ", DIM).add(heldOut(), BOLD);
        }
        if (!validations.isEmpty()) {
            line.add("   validation ", DIM).add(Figures.percent(validations.getLast()), BOLD);
        }
        return line;
    }

    private String heldOut() {
        var first = Figures.percent(evaluations.getFirst());
        return evaluations.size() == 1
                ? first
                : first + (terminal.unicode() ? " → " : " -> ") + Figures.percent(evaluations.getLast());
    }

    private StyledLine numberLine() {
        var line = new StyledLine(width);
        var gap = " ";
        for (var entry : details().entrySet()) {
            line.add(gap + entry.getKey() + " ", DIM).add(entry.getValue(), "");
            gap = "   ";
        }
        if (!phase.isEmpty()) {
            line.add(gap + phase, ORANGE);
        }
        return line;
    }

    private Map<String, String> details() {
        var details = new LinkedHashMap<String, String>();
        if (rewards.isEmpty()) {
            detail(details, "loss", RunMetrics.LOSS);
        }
        detail(details, "length", RunMetrics.RESPONSE_LENGTH);
        detail(details, "kl", RunMetrics.KL);
        detail(details, "entropy", RunMetrics.ENTROPY);
        if (latest.containsKey(RunMetrics.TOKENS_PER_SECOND)) {
            double rate = latest.getOrDefault(RunMetrics.TOKENS_PER_SECOND, Double.NaN);
            details.put("tokens/s", String.format(Locale.ROOT, "%,.0f", rate));
        }
        return details;
    }

    private void detail(Map<String, String> details, String label, String metric) {
        if (latest.containsKey(metric)) {
            details.put(label, Figures.number(latest.getOrDefault(metric, Double.NaN)));
        }
    }

    private String plainLine() {
        var line = new StringBuilder("step " + step + "/" + steps);
        if (!rewards.isEmpty()) {
            line.append("  reward ").append(Figures.number(rewards.getLast()));
        }
        if (!accuracies.isEmpty()) {
            line.append("  accuracy ").append(Figures.percent(accuracies.getLast()));
        }
        if (!evaluations.isEmpty()) {
            line.append("  held-out ").append(Figures.percent(evaluations.getLast()));
        }
        details()
                .forEach((label, value) ->
                        line.append("  ").append(label).append(' ').append(value));
        line.append("  ").append(rate());
        if (step < steps && rateKnown()) {
            line.append("  ").append(Figures.clock(left())).append(" to go");
        }
        return line.toString();
    }

    private String spark(List<Double> values, int cells) {
        return Sparkline.of(values.stream().mapToDouble(Double::doubleValue).toArray(), cells, terminal.unicode());
    }

    private int percentDone() {
        return steps == 0 ? 100 : (int) (100 * step / steps);
    }

    private boolean rateKnown() {
        return ends.size() > 1 && ends.getLast() > ends.getFirst();
    }

    private double stepsPerSecond() {
        return (ends.size() - 1) * 1e3 / (ends.getLast() - ends.getFirst());
    }

    /// Slow steps are told the other way round.
    private String rate() {
        if (!rateKnown()) {
            return "- steps/s";
        }
        double rate = stepsPerSecond();
        return rate >= 1 || rate == 0
                ? String.format(Locale.ROOT, "%.2f steps/s", rate)
                : String.format(Locale.ROOT, "%.2f s/step", 1 / rate);
    }

    private Duration gone() {
        return Duration.ofMillis(clock.millis() - began);
    }

    private Duration left() {
        long sinceLastStep = clock.millis() - ends.getLast();
        return Duration.ofMillis(Math.max(0, Math.round((steps - step) * 1e3 / stepsPerSecond()) - sinceLastStep));
    }

    /// Draws the last state, which stays. Closing twice is harmless.
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        phase = "";
        if (terminal.live()) {
            redraw(true);
        }
        closed = true;
    }
}
