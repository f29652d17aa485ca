package io.torrefy.bench;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One line of the history: what was measured where, and what came out, to four significant digits.
///
/// @param time when it began, ISO 8601 in UTC
/// @param commit git's hash; null outside git
/// @param dirty whether there were changes beside the commit
/// @param cpu the processor's name
/// @param rounds turns of each contender
/// @param quick whether it only was to show that everything works
/// @param rows in the order they ran
/// @param suites geometric means
record Run(
        String time,
        @Nullable String commit,
        boolean dirty,
        String cpu,
        int cores,
        String jdk,
        String os,
        int rounds,
        boolean quick,
        List<Measured> rows,
        List<Suite> suites) {
    private static final MathContext DIGITS = new MathContext(4);
    private static final int WHY_CHARACTERS = 160;

    // The constructors refuse what a damaged line lacks.
    Run {
        Objects.requireNonNull(time, "time");
        Objects.requireNonNull(cpu, "cpu");
        rows = List.copyOf(Objects.requireNonNull(rows, "rows"));
        suites = List.copyOf(Objects.requireNonNull(suites, "suites"));
    }

    /// A row on a number of threads.
    ///
    /// @param name the row's
    /// @param memory whether ratios compare peak memory (less is better) instead of speed; left out where not
    /// @param who each contender's part, by name, ours first
    /// @param best the best peer; null where none ran
    /// @param target bound of the ratio to the best peer; null where there is none
    /// @param met whether the bound is kept; null where there is none or no peer ran
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Measured(
            String name,
            int threads,
            @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean memory,
            Map<String, Part> who,
            @Nullable String best,
            @Nullable Double target,
            @Nullable Boolean met) {
        Measured {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(who, "who");
        }

        /// Ours, if it ran.
        Optional<Part> ours() {
            return Optional.ofNullable(who.get(Contender.OURS)).filter(part -> part.why() == null);
        }

        /// Ours over a peer's, if both ran.
        Optional<Stats> ratio(String peer) {
            return Optional.ofNullable(who.get(peer)).map(Part::ratio);
        }

        static Measured of(Result result) {
            var who = new LinkedHashMap<String, Part>();
            for (Result.Entry entry : result.entries()) {
                who.put(entry.who().name(), Part.of(result, entry));
            }
            Target target = result.row().target();
            return new Measured(
                    result.row().name(),
                    result.threads(),
                    target.metric() == Target.Metric.MEMORY,
                    who,
                    result.bestPeer()
                            .filter(peer -> result.ratio(peer).isPresent())
                            .map(peer -> peer.who().name())
                            .orElse(null),
                    target.exists() ? target.bound(result.threads()) : null,
                    result.met().orElse(null));
        }
    }

    /// What one contender did; of one that failed only `why`.
    ///
    /// @param unit of its work
    /// @param speed units a second, over the rounds
    /// @param seconds of one run, the median
    /// @param first seconds of the first run of all
    /// @param steady seconds of work until a run took what it took from then on
    /// @param peak greatest resident memory in bytes
    /// @param ratio ours over this peer's, round by round
    /// @param why it failed, one short line
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Part(
            @Nullable String unit,
            @Nullable Stats speed,
            @Nullable Double seconds,
            @Nullable Double first,
            @Nullable Double steady,
            @Nullable Long peak,
            @Nullable Stats ratio,
            @Nullable String why) {
        static Part of(Result result, Result.Entry entry) {
            if (entry.why() != null) {
                return new Part(null, null, null, null, null, null, null, shortened(entry.why()));
            }
            Stats seconds = entry.secondsPerRun();
            WarmUp.Cost warmUp = entry.warmUp();
            boolean ours = entry.who().name().equals(Contender.OURS);
            return new Part(
                    entry.unit(),
                    rounded(Stats.of(entry.speeds())),
                    seconds == null ? null : rounded(seconds.median()),
                    warmUp == null ? null : rounded(warmUp.first()),
                    warmUp == null ? null : rounded(warmUp.steady()),
                    entry.peak() == 0 ? null : (long) rounded(entry.peak()),
                    ours ? null : result.ratio(entry).map(Run::rounded).orElse(null),
                    null);
        }
    }

    /// A run that begins now, with no rows yet.
    static Run begin(Instant now, Commit commit, Measurement.Effort effort, boolean quick) {
        return new Run(
                now.truncatedTo(ChronoUnit.SECONDS).toString(),
                commit.hash(),
                commit.dirty(),
                Machine.cpu(),
                Machine.cores(),
                Machine.jdk(),
                Machine.os(),
                effort.rounds(),
                quick,
                List.of(),
                List.of());
    }

    /// The same with what came out.
    Run with(List<Result> results, List<Suite> means) {
        return new Run(
                time,
                commit,
                dirty,
                cpu,
                cores,
                jdk,
                os,
                rounds,
                quick,
                results.stream().map(Measured::of).toList(),
                means.stream().map(each -> each.rounded(Run::rounded)).toList());
    }

    static double rounded(double value) {
        return Double.isFinite(value) ? new BigDecimal(value).round(DIGITS).doubleValue() : value;
    }

    private static Stats rounded(Stats s) {
        return new Stats(rounded(s.low()), rounded(s.median()), rounded(s.high()));
    }

    /// The first line, without the folders of this machine: the history is everybody's.
    private static String shortened(String why) {
        String line = why.lines().findFirst().orElse("").replaceAll("(?<![\\w.~])/(?:[^/\\s:;,\"']+/)+", "");
        return line.length() <= WHY_CHARACTERS ? line : line.substring(0, WHY_CHARACTERS) + "...";
    }
}
