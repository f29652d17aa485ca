package io.torrefy.posttrain.formats;

import io.torrefy.data.Datasets;
import io.torrefy.data.MalformedDataException;
import io.torrefy.data.Row;
import io.torrefy.export.Export;
import io.torrefy.lm.ChatTemplate;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.QaFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Files of TRL's prompt-only format as problems: `prompt`, a text that the model continues as it stands or a
/// conversation that goes through the model's chat template, and, where answers can be verified, `answer` or else
/// `solution`, which is read as a question file's is ([QaFile]). Other columns are ignored, but for `tools` and
/// `chat_template_kwargs`, which a template sees.
@Export(value = "posttrain.formats.Prompts", since = "0.1")
public final class Prompts {
    private static final int MAX_REPORTED = 10;
    private static final List<String> ANSWERS = List.of("answer", "solution");

    private Prompts() {}

    /// Whether files are to be read by this, as the first record's columns tell: one with a `prompt` that is a
    /// conversation, or that no `answer` stands beside. A `prompt` text with an `answer` is a question file's, and
    /// so is whatever cannot be read, which [QaFile] says best.
    public static boolean areIn(List<Path> files) {
        if (files.isEmpty()
                || files.stream().anyMatch(file -> Datasets.format(file).isEmpty())) {
            return false;
        }
        try {
            List<Row> first =
                    Datasets.texts(OptionalLong.empty(), files).take(1).toList();
            return !first.isEmpty()
                    && SampleFormat.detect(first.getFirst()) == SampleFormat.PROMPT_ONLY
                    && (first.getFirst().isMissing("answer")
                            || first.getFirst().values().get("prompt") instanceof List<?>);
        } catch (MalformedDataException | UncheckedIOException _) {
            return false;
        }
    }

    /// Reads files as one task, of which a hash of the prompt holds some out. Without answers its verifier accepts
    /// nothing, and says so ([QaFile#verifies]).
    ///
    /// @param template of conversations; none where all prompts are texts
    /// @throws IOException if a file cannot be read
    /// @throws IllegalArgumentException naming ten records that are wrong: of another format, with a blank prompt,
    ///     or without an answer that others have; or if the template is missing or does not fit
    public static QaFile load(List<Path> files, Optional<ChatTemplate> template, double heldOutFraction)
            throws IOException {
        List<Problem> problems = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        List<String> unanswered = new ArrayList<>();
        for (Sample sample : samples(files)) {
            String place = sample.origin().place();
            if (!(sample instanceof Sample.PromptOnly prompt)) {
                throw new IllegalArgumentException("[prompts] expected records of prompt_only in " + files + "; got "
                        + sample.getClass().getSimpleName() + " at " + place);
            }
            try {
                Optional<String> answer = answer(prompt);
                if (answer.isEmpty()) {
                    unanswered.add(place);
                }
                problems.add(problem(prompt, template, answer));
            } catch (IllegalArgumentException e) {
                wrong.add(String.valueOf(e.getMessage()));
            }
        }
        refuse(wrong, "prompts", "records that cannot be asked:\n  ");
        if (unanswered.size() < problems.size()) {
            refuse(unanswered, "an answer in every record or in none", "records without one, which others have:\n  ");
        }
        String name =
                files.stream().map(file -> String.valueOf(file.getFileName())).collect(Collectors.joining(", "));
        return QaFile.of(name, problems, heldOutFraction);
    }

    private static List<Sample> samples(List<Path> files) throws IOException {
        try {
            return Samples.load(files);
        } catch (MalformedDataException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static void refuse(List<String> wrong, String expected, String got) {
        if (!wrong.isEmpty()) {
            int shown = Math.min(MAX_REPORTED, wrong.size());
            throw new IllegalArgumentException("[prompts] expected " + expected + "; got " + wrong.size() + " " + got
                    + String.join("\n  ", wrong.subList(0, shown))
                    + (wrong.size() > shown ? "\n  … and " + (wrong.size() - shown) + " more" : ""));
        }
    }

    private static Problem problem(Sample.PromptOnly sample, Optional<ChatTemplate> template, Optional<String> answer) {
        String text = SampleEncoder.text(sample, template);
        if (text.isBlank()) {
            throw new IllegalArgumentException(
                    "[prompts] " + sample.origin().place() + ": expected a prompt; got a blank one");
        }
        String id = "prompt " + text.strip().replaceAll("\\s+", " ");
        return new Problem(id, text, QaFile.goal(answer), sample.prompt() instanceof Content.Chat);
    }

    private static Optional<String> answer(Sample.PromptOnly sample) {
        for (String column : ANSWERS) {
            Object value = sample.origin().columns().get(column);
            if (value != null) {
                return Optional.of(text(sample.origin(), column, value));
            }
        }
        return Optional.empty();
    }

    private static String text(Sample.Origin origin, String column, @Nullable Object value) {
        String text = switch (value) {
            case String string -> string;
            case Number number
            when Double.isFinite(number.doubleValue()) -> new BigDecimal(number.toString()).toPlainString();
            case null, default -> "";
        };
        if (text.isBlank()) {
            throw new IllegalArgumentException("[prompts] " + origin.place()
                    + ": expected a text or a number in field \"" + column + "\"; got neither, or a blank text");
        }
        return text;
    }
}
