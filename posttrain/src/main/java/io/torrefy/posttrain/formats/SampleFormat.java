package io.torrefy.posttrain.formats;

import io.torrefy.data.MalformedDataException;
import io.torrefy.data.Row;
import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The types of datasets that TRL knows, by their columns. Text is a string; a conversation is a list of messages with
/// `role` and `content`, or in ShareGPT's spelling with `from` and `value`.
@Export(value = "posttrain.formats.SampleFormat", since = "0.1")
public enum SampleFormat {
    /// `text`, or `messages` or `conversations`.
    LANGUAGE_MODELING("text | messages | conversations", SampleFormat::languageModeling),

    /// `prompt`.
    PROMPT_ONLY("prompt", (row, origin) -> new Sample.PromptOnly(content(row, "prompt"), origin)),

    /// `prompt`, `completion`.
    PROMPT_COMPLETION("prompt, completion", SampleFormat::promptCompletion),

    /// `chosen`, `rejected` and, unless it is what both begin with, `prompt`. Of texts without a prompt, it ends
    /// where they part, before the space if there is one; of conversations it is the turns they share. Either keeps
    /// at least one character or turn for each answer (`extract_prompt` of trl 1.13).
    PREFERENCE("[prompt,] chosen, rejected", SampleFormat::preference),

    /// `prompt`, `completion`, `label`: true or false, 1 or 0.
    UNPAIRED_PREFERENCE("prompt, completion, label", SampleFormat::unpaired),

    /// `prompt`, `completions`, `labels`: lists of texts and of true or false.
    STEPWISE("prompt, completions, labels", SampleFormat::stepwise);

    private static final Set<String> OWN = Set.of(
            "text",
            "messages",
            "conversations",
            "prompt",
            "completion",
            "chosen",
            "rejected",
            "label",
            "completions",
            "labels");
    private static final Map<String, String> SHARE_GPT =
            Map.of("human", "user", "gpt", "assistant", "function_response", "tool", "observation", "tool");

    private final String columns;
    private final BiFunction<Row, Sample.Origin, Sample> reader;

    SampleFormat(String columns, BiFunction<Row, Sample.Origin, Sample> reader) {
        this.columns = columns;
        this.reader = reader;
    }

    /// `language_modeling`, as recipes spell it.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// The format whose columns a record has. A `prompt` beside the columns of another format belongs to that.
    ///
    /// @throws MalformedDataException if it has those of none, or of several
    public static SampleFormat detect(Row row) {
        List<SampleFormat> found = new ArrayList<>();
        if (has(row, "completions") && has(row, "labels")) {
            found.add(STEPWISE);
        }
        if (has(row, "chosen") && has(row, "rejected")) {
            found.add(PREFERENCE);
        }
        if (has(row, "completion")) {
            found.add(has(row, "label") ? UNPAIRED_PREFERENCE : PROMPT_COMPLETION);
        }
        if (has(row, "text") || has(row, "messages") || has(row, "conversations")) {
            found.add(LANGUAGE_MODELING);
        }
        boolean half = has(row, "chosen") || has(row, "rejected") || has(row, "completions");
        if (found.isEmpty() && has(row, "prompt") && !half) {
            found.add(PROMPT_ONLY);
        }
        if (found.size() == 1) {
            return found.getFirst();
        }
        String got = "fields " + row.values().keySet();
        if (found.isEmpty()) {
            String all = List.of(values()).stream()
                    .map(format -> format.columns + " (" + format.label() + ")")
                    .collect(Collectors.joining("; "));
            throw row.bad("expected the columns of a format: " + all + "; got " + got);
        }
        throw row.bad("expected the columns of one format; got those of "
                + found.stream().map(SampleFormat::label).collect(Collectors.joining(" and ")) + " in " + got
                + ". Hint: name the format, or drop the columns that are not meant");
    }

    private static boolean has(Row row, String column) {
        return !row.isMissing(column);
    }

    /// A record of this format as a sample.
    ///
    /// @throws MalformedDataException that names record, column and what is wrong with it
    public Sample read(Row row) {
        Map<String, @Nullable Object> rest = new LinkedHashMap<>(row.values());
        rest.keySet().removeAll(OWN);
        return reader.apply(row, new Sample.Origin(row.place(), rest));
    }

    private static Sample languageModeling(Row row, Sample.Origin origin) {
        List<String> found = List.of("text", "messages", "conversations").stream()
                .filter(name -> has(row, name))
                .toList();
        if (found.size() != 1) {
            throw row.bad("expected one of the fields text, messages and conversations; got "
                    + (found.isEmpty() ? "fields " + row.values().keySet() : found.toString()));
        }
        String name = found.getFirst();
        if (name.equals("text")) {
            return new Sample.LanguageModeling(new Content.Text(row.text(name)), origin);
        }
        return new Sample.LanguageModeling(chat(row, name, row.list(name)), origin);
    }

    private static Sample promptCompletion(Row row, Sample.Origin origin) {
        Content prompt = content(row, "prompt");
        Content completion = content(row, "completion");
        requireAlike(row, "completion", prompt, completion);
        return new Sample.PromptCompletion(prompt, completion, origin);
    }

    private static Sample unpaired(Row row, Sample.Origin origin) {
        Content prompt = content(row, "prompt");
        Content completion = content(row, "completion");
        requireAlike(row, "completion", prompt, completion);
        boolean label = truth(row, "label", row.values().get("label"));
        return new Sample.UnpairedPreference(prompt, completion, label, origin);
    }

    private static Sample stepwise(Row row, Sample.Origin origin) {
        List<String> steps = new ArrayList<>();
        for (Object step : row.list("completions")) {
            if (!(step instanceof String text)) {
                throw wrong(row, "completions[" + steps.size() + "]", "a string", step);
            }
            steps.add(text);
        }
        List<Boolean> labels = new ArrayList<>();
        for (Object label : row.list("labels")) {
            labels.add(truth(row, "labels[" + labels.size() + "]", label));
        }
        if (steps.isEmpty() || steps.size() != labels.size()) {
            throw row.bad("expected as many labels as completions, and at least one; got " + steps.size()
                    + " completions and " + labels.size() + " labels");
        }
        return new Sample.Stepwise(content(row, "prompt"), steps, labels, origin);
    }

    // ---- preferences -----------------------------------------------------------------------------------------------

    private static Sample preference(Row row, Sample.Origin origin) {
        Content chosen = content(row, "chosen");
        Content rejected = content(row, "rejected");
        requireAlike(row, "rejected", chosen, rejected);
        if (chosen.equals(rejected)) {
            throw row.bad("expected two answers of which one is better; got \"chosen\" equal to \"rejected\"");
        }
        if (!has(row, "prompt") || isRepeated(content(row, "prompt"), chosen)) {
            return apart(row, chosen, rejected, origin);
        }
        Content prompt = content(row, "prompt");
        requireAlike(row, "chosen", prompt, chosen);
        return new Sample.Preference(prompt, chosen, rejected, origin);
    }

    /// Whether the prompt is a text that stands as the first user turn of the conversations too.
    private static boolean isRepeated(Content prompt, Content chosen) {
        return prompt instanceof Content.Text(String text)
                && chosen instanceof Content.Chat chat
                && chat.messages().stream()
                        .filter(message -> "user".equals(message.get("role")))
                        .findFirst()
                        .map(message -> text.equals(message.get("content")))
                        .orElse(false);
    }

    private static Sample.Preference apart(Row row, Content chosen, Content rejected, Sample.Origin origin) {
        if (chosen instanceof Content.Chat(var better) && rejected instanceof Content.Chat(var worse)) {
            int shared = 0;
            while (shared < Math.min(better.size(), worse.size()) - 1
                    && better.get(shared).equals(worse.get(shared))) {
                shared++;
            }
            if (shared == 0) {
                throw row.bad("expected a prompt, or answers whose first turns are the same; got neither");
            }
            return new Sample.Preference(
                    new Content.Chat(better.subList(0, shared)),
                    new Content.Chat(better.subList(shared, better.size())),
                    new Content.Chat(worse.subList(shared, worse.size())),
                    origin);
        }
        String better = ((Content.Text) chosen).text();
        String worse = ((Content.Text) rejected).text();
        int most = Math.max(0, Math.min(better.length(), worse.length()) - 1);
        int shared = 0;
        while (shared < most && better.charAt(shared) == worse.charAt(shared)) {
            shared++;
        }
        boolean split = shared > 0 && Character.isHighSurrogate(better.charAt(shared - 1));
        if (split || shared > 0 && better.charAt(shared - 1) == ' ') {
            shared--;
        }
        return new Sample.Preference(
                new Content.Text(better.substring(0, shared)),
                new Content.Text(better.substring(shared)),
                new Content.Text(worse.substring(shared)),
                origin);
    }

    // ---- values ----------------------------------------------------------------------------------------------------

    private static void requireAlike(Row row, String name, Content first, Content second) {
        if (first instanceof Content.Text != second instanceof Content.Text) {
            throw row.bad("expected texts only or conversations only; got \"" + name
                    + "\" that is of the other kind than the rest");
        }
    }

    private static Content content(Row row, String name) {
        return switch (row.values().get(name)) {
            case String text -> new Content.Text(text);
            case List<?> messages -> chat(row, name, messages);
            case null, default -> throw row.wrong(name, "a string or a list of messages");
        };
    }

    private static Content.Chat chat(Row row, String name, List<?> list) {
        List<Map<String, @Nullable Object>> messages = new ArrayList<>();
        for (Object element : list) {
            String place = name + "[" + messages.size() + "]";
            if (!(element instanceof Map<?, ?> map)) {
                throw wrong(row, place, "a message with role and content", element);
            }
            messages.add(message(row, place, map));
        }
        if (messages.isEmpty()) {
            throw row.bad("expected at least one message in field \"" + name + "\"; got none");
        }
        return new Content.Chat(messages);
    }

    /// Columns of Parquet give every message the fields of all; those without a value are left out.
    private static Map<String, @Nullable Object> message(Row row, String place, Map<?, ?> map) {
        boolean shareGpt = map.containsKey("from") && !map.containsKey("role");
        String roleField = shareGpt ? "from" : "role";
        String contentField = shareGpt ? "value" : "content";
        if (!(map.get(roleField) instanceof String role) || role.isEmpty()) {
            throw wrong(row, place + "." + roleField, "a role such as user", map.get(roleField));
        }
        Map<String, @Nullable Object> message = new LinkedHashMap<>();
        message.put("role", shareGpt ? SHARE_GPT.getOrDefault(role, role) : role);
        Object content = map.get(contentField);
        boolean mayLack = map.get("tool_calls") != null;
        if (!(content instanceof String || content instanceof List<?> || content == null && mayLack)) {
            throw wrong(row, place + "." + contentField, "a string or a list of parts", content);
        }
        message.put("content", content);
        map.forEach((key, value) -> {
            if (value != null && !key.equals(roleField) && !key.equals(contentField)) {
                message.put(String.valueOf(key), value);
            }
        });
        return message;
    }

    private static boolean truth(Row row, String place, @Nullable Object value) {
        return switch (value) {
            case Boolean truth -> truth;
            case Long whole when whole == 0 || whole == 1 -> whole == 1;
            case null, default -> throw wrong(row, place, "true or false", value);
        };
    }

    private static MalformedDataException wrong(Row row, String place, String expected, @Nullable Object got) {
        String text = String.valueOf(got);
        return row.bad("expected " + expected + " in field \"" + place + "\"; got "
                + (text.length() > 60 ? text.substring(0, 60) + "…" : text));
    }
}
