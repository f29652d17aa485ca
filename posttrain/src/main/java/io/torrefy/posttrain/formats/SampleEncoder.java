package io.torrefy.posttrain.formats;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.export.Export;
import io.torrefy.lm.ChatTemplate;
import io.torrefy.lm.Tokenizer;
import io.torrefy.lm.TokenizerException;
import io.torrefy.posttrain.Tokens;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Samples to token ids with the mask of what is trained, as TRL's trainers make them (trl 1.13, `SFTTrainer`), but for
/// two things. Plain texts begin with [Tokens#prompt]'s token and are encoded prompt and completion apart, so that what
/// is trained is what a rollout samples; TRL encodes both at once and warns where they merge. And what TRL warns of, an
/// answer that does not go on where its prompt ends, is an error here.
///
/// Conversations go through the model's chat template, which sees `tools` and what `chat_template_kwargs` holds, where
/// a sample has such columns. Texts end with the end token; a template ends its turns itself.
@Export(value = "posttrain.formats.SampleEncoder", since = "0.1")
public final class SampleEncoder {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Tokenizer tokenizer;
    private final Optional<ChatTemplate> template;
    private final boolean completionOnlyLoss;
    private final boolean assistantOnlyLoss;

    private SampleEncoder(
            Tokenizer tokenizer,
            Optional<ChatTemplate> template,
            boolean completionOnlyLoss,
            boolean assistantOnlyLoss) {
        this.tokenizer = tokenizer;
        this.template = template;
        this.completionOnlyLoss = completionOnlyLoss;
        this.assistantOnlyLoss = assistantOnlyLoss;
    }

    /// @param template of conversations; none where all samples are texts
    public static SampleEncoder of(Tokenizer tokenizer, Optional<ChatTemplate> template) {
        return new SampleEncoder(tokenizer, template, true, false);
    }

    /// Whether a prompt is left out of what is trained; true, as TRL's default for samples that have one.
    public SampleEncoder withCompletionOnlyLoss(boolean value) {
        return new SampleEncoder(tokenizer, template, value, assistantOnlyLoss);
    }

    /// Whether of conversations only the assistant's turns are trained; false, as TRL's default. They are what the
    /// template's `{% generation %}` blocks write, as in TRL; a template without them has its turns found by
    /// rendering the conversation up to and after each, which asks that it renders a beginning alike whatever
    /// follows.
    public SampleEncoder withAssistantOnlyLoss(boolean value) {
        return new SampleEncoder(tokenizer, template, completionOnlyLoss, value);
    }

    /// A sample of language modelling or of prompt and completion for fine-tuning. Of a conversation without
    /// `assistantOnlyLoss`, and of a text, all tokens are trained.
    ///
    /// @throws IllegalArgumentException that names the sample, if it is of another format or the template does not
    ///     fit
    public TokenSequence sequence(Sample sample) {
        String place = sample.origin().place();
        return switch (sample) {
            case Sample.LanguageModeling(Content.Text(String text), Sample.Origin origin) -> {
                requireChat(origin);
                yield TokenSequence.whole(ended(Tokens.prompt(tokenizer, text)), place);
            }
            case Sample.LanguageModeling(Content.Chat chat, Sample.Origin origin) -> {
                Rendered rendered = rendered(chat.messages(), false, origin);
                int[] ids = tokenizer.encode(rendered.text);
                yield assistantOnlyLoss
                        ? new TokenSequence(ids, assistantMask(rendered, chat, ids, origin), place)
                        : TokenSequence.whole(ids, place);
            }
            case Sample.PromptCompletion(Content prompt, Content completion, Sample.Origin origin) -> {
                Parts parts = parts(prompt, completion, origin);
                int[] ids = TokenSequence.joined(parts.prompt, parts.completion);
                TokenSequence whole =
                        TokenSequence.completion(ids, completionOnlyLoss ? parts.prompt.length : 0, place);
                if (!assistantOnlyLoss) {
                    yield whole;
                }
                requireChat(prompt, origin);
                Content.Chat chat = chat(prompt, completion);
                boolean[] mask = assistantMask(rendered(chat.messages(), false, origin), chat, ids, origin);
                for (int i = 0; i < mask.length; i++) {
                    mask[i] &= whole.trained()[i];
                }
                yield new TokenSequence(ids, mask, place);
            }
            default ->
                throw new IllegalArgumentException("[formats] " + place
                        + ": expected language_modeling or prompt_completion to fine-tune on; got "
                        + sample.getClass().getSimpleName());
        };
    }

    /// Prompt and both answers.
    ///
    /// @throws IllegalArgumentException that names the sample, if the template does not fit or both answers are the
    ///     same ids
    public Encoded.Pair pair(Sample.Preference sample) {
        Parts better = parts(sample.prompt(), sample.chosen(), sample.origin());
        Parts worse = parts(sample.prompt(), sample.rejected(), sample.origin());
        String place = sample.origin().place();
        if (Arrays.equals(better.prompt, worse.prompt) && Arrays.equals(better.completion, worse.completion)) {
            throw new IllegalArgumentException(
                    "[formats] " + place + ": expected answers of different ids; got the same for both");
        }
        return new Encoded.Pair(better.prompt, better.completion, worse.completion, place);
    }

    /// Prompt and answer with its label.
    public Encoded.Judged judged(Sample.UnpairedPreference sample) {
        Parts parts = parts(sample.prompt(), sample.completion(), sample.origin());
        return new Encoded.Judged(
                parts.prompt, parts.completion, sample.label(), sample.origin().place());
    }

    /// A prompt, of a conversation with the beginning of the answer.
    public Encoded.Prompt prompt(Sample.PromptOnly sample) {
        return new Encoded.Prompt(
                prompt(sample.prompt(), sample.origin()), sample.origin().place());
    }

    /// A prompt as the text whose ids [#prompt] gives: of a conversation what the template writes.
    ///
    /// @param template of conversations
    /// @throws IllegalArgumentException that names the sample, if the template does not fit
    static String text(Sample.PromptOnly sample, Optional<ChatTemplate> template) {
        return switch (sample.prompt()) {
            case Content.Text(String text) -> text;
            case Content.Chat chat -> asked(chat, template, sample.origin());
        };
    }

    /// A prompt and steps, each with `separator` after it, whose last token is the step's end (`PRMTrainer` of trl
    /// 1.13, where the separator is a line feed).
    public Encoded.Steps steps(Sample.Stepwise sample, String separator) {
        int[] ids = prompt(sample.prompt(), sample.origin());
        int[] between = tokenizer.encode(separator);
        int count = sample.completions().size();
        int[] ends = new int[count];
        boolean[] labels = new boolean[count];
        for (int i = 0; i < count; i++) {
            ids = TokenSequence.joined(
                    ids,
                    TokenSequence.joined(tokenizer.encode(sample.completions().get(i)), between));
            ends[i] = ids.length - 1;
            labels[i] = sample.labels().get(i);
        }
        return new Encoded.Steps(ids, ends, labels, sample.origin().place());
    }

    // ---- prompts and what follows ----------------------------------------------------------------------------------

    private record Parts(int[] prompt, int[] completion) {}

    private Parts parts(Content prompt, Content completion, Sample.Origin origin) {
        if (prompt instanceof Content.Text && completion instanceof Content.Text(String answer)) {
            return new Parts(prompt(prompt, origin), ended(tokenizer.encode(answer)));
        }
        String asked = rendered(((Content.Chat) prompt).messages(), true, origin).text;
        String all = rendered(chat(prompt, completion).messages(), false, origin).text;
        requirePrefix(asked, all, origin);
        int[] before = tokenizer.encode(asked);
        int[] whole = tokenizer.encode(all);
        boolean goesOn =
                before.length <= whole.length && Arrays.equals(before, 0, before.length, whole, 0, before.length);
        // Where a token spans the border, a rollout would not have it: the prompt is encoded alone there too.
        int[] after = goesOn
                ? Arrays.copyOfRange(whole, before.length, whole.length)
                : tokenizer.encode(all.substring(asked.length()));
        return new Parts(before, after);
    }

    private int[] prompt(Content prompt, Sample.Origin origin) {
        return switch (prompt) {
            case Content.Text(String text) -> Tokens.prompt(tokenizer, text);
            case Content.Chat chat -> tokenizer.encode(asked(chat, template, origin));
        };
    }

    private static String asked(Content.Chat chat, Optional<ChatTemplate> template, Sample.Origin origin) {
        if (chat.messages().isEmpty() || chat.role(chat.messages().size() - 1).equals("assistant")) {
            throw new IllegalArgumentException("[formats] " + origin.place()
                    + ": expected a prompt that ends before the assistant's turn; got one that ends with it");
        }
        return rendered(chat.messages(), true, origin, template).text;
    }

    private int[] ended(int[] ids) {
        int end = Tokens.end(tokenizer);
        return ids.length > 0 && ids[ids.length - 1] == end ? ids : TokenSequence.joined(ids, new int[] {end});
    }

    private static Content.Chat chat(Content prompt, Content completion) {
        List<Map<String, @Nullable Object>> all = new ArrayList<>(((Content.Chat) prompt).messages());
        all.addAll(((Content.Chat) completion).messages());
        return new Content.Chat(all);
    }

    private void requireChat(Sample.Origin origin) {
        if (assistantOnlyLoss) {
            throw new IllegalArgumentException("[formats] " + origin.place()
                    + ": expected a conversation, of which assistantOnlyLoss trains the assistant's turns; got a text."
                    + " Hint: use prompt and completion, or leave assistantOnlyLoss off.");
        }
    }

    private void requireChat(Content content, Sample.Origin origin) {
        if (content instanceof Content.Text) {
            requireChat(origin);
        }
    }

    // ---- templates -------------------------------------------------------------------------------------------------

    private record Rendered(String text, List<ChatTemplate.Span> generated) {}

    private Rendered rendered(
            List<Map<String, @Nullable Object>> messages, boolean addGenerationPrompt, Sample.Origin origin) {
        return rendered(messages, addGenerationPrompt, origin, template);
    }

    private static Rendered rendered(
            List<Map<String, @Nullable Object>> messages,
            boolean addGenerationPrompt,
            Sample.Origin origin,
            Optional<ChatTemplate> template) {
        ChatTemplate chat = template.orElseThrow(() -> new IllegalArgumentException("[formats] " + origin.place()
                + ": expected a chat template for conversations; the model's folder has none. Hint: name one, such as"
                + " ChatML, or use texts."));
        try {
            ChatTemplate.Marked marked = chat.renderMarked(messages, addGenerationPrompt, variables(origin));
            return new Rendered(marked.text(), marked.generated());
        } catch (TokenizerException e) {
            throw new IllegalArgumentException("[formats] " + origin.place() + ": " + e.getMessage(), e);
        }
    }

    private static Map<String, @Nullable Object> variables(Sample.Origin origin) {
        Map<String, @Nullable Object> variables = new LinkedHashMap<>();
        Object tools = origin.columns().get("tools");
        if (tools instanceof String json) {
            try {
                tools = JSON.readValue(json, Object.class);
            } catch (JsonProcessingException e) {
                throw new IllegalArgumentException(
                        "[formats] " + origin.place() + ": expected JSON in field \"tools\"; got "
                                + e.getOriginalMessage(),
                        e);
            }
        }
        if (tools != null) {
            variables.put("tools", tools);
        }
        if (origin.columns().get("chat_template_kwargs") instanceof Map<?, ?> more) {
            more.forEach((name, value) -> variables.put(String.valueOf(name), value));
        }
        return variables;
    }

    private static void requirePrefix(String before, String after, Sample.Origin origin) {
        if (!after.startsWith(before)) {
            throw new IllegalArgumentException("[formats] " + origin.place()
                    + ": expected a chat template that is prefix-preserving, which renders"
                    + " the beginning of a conversation alike whatever follows; got "
                    + TemplateChecks.difference(before, after)
                    + ". Hint: templates that cut earlier thoughts or trim answers do this; train on the last"
                    + " turn alone as prompt and completion, or use a template with {% generation %} blocks.");
        }
    }

    /// Which ids are the assistant's: those that hold a character of its turns.
    private boolean[] assistantMask(Rendered rendered, Content.Chat chat, int[] ids, Sample.Origin origin) {
        boolean marked = template.map(ChatTemplate::marksGenerations).orElse(false);
        Rendered turns = marked ? rendered : new Rendered(rendered.text, turns(rendered.text, chat, origin));
        String decoded = tokenizer.decode(ids);
        Rendered read = decoded.equals(turns.text) ? turns : composed(turns);
        if (!decoded.equals(read.text)) {
            throw new IllegalArgumentException("[formats] " + origin.place()
                    + ": expected a tokenizer that gives a text back as it was, to find the assistant's turns in; got "
                    + TemplateChecks.difference(read.text, decoded)
                    + ". Hint: use prompt and completion instead of assistantOnlyLoss.");
        }
        boolean[] mask = new boolean[ids.length];
        Tokenizer.Stream text = tokenizer.stream(false);
        int from = 0;
        for (int i = 0; i < ids.length; i++) {
            int end = from + text.accept(ids[i]).length();
            int to = Math.max(end, from + 1); // part of a character, the rest of which is to come
            for (ChatTemplate.Span span : read.generated) {
                mask[i] |= from < span.to() && to > span.from();
            }
            from = end;
        }
        return mask;
    }

    /// A text as tokenizers read it that compose characters first (NFC).
    private static Rendered composed(Rendered rendered) {
        StringBuilder text = new StringBuilder();
        List<ChatTemplate.Span> spans = new ArrayList<>();
        int at = 0;
        for (ChatTemplate.Span span : rendered.generated) {
            text.append(composed(rendered.text.substring(at, span.from())));
            int from = text.length();
            text.append(composed(rendered.text.substring(span.from(), span.to())));
            spans.add(new ChatTemplate.Span(from, text.length()));
            at = span.to();
        }
        text.append(composed(rendered.text.substring(at)));
        return new Rendered(text.toString(), spans);
    }

    private static String composed(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFC);
    }

    /// What the assistant's turns add to the text.
    private List<ChatTemplate.Span> turns(String text, Content.Chat chat, Sample.Origin origin) {
        List<ChatTemplate.Span> spans = new ArrayList<>();
        for (int i = 0; i < chat.messages().size(); i++) {
            if (i == 0 || !chat.role(i).equals("assistant")) {
                continue;
            }
            String before = rendered(chat.messages().subList(0, i), true, origin).text;
            String after = rendered(chat.messages().subList(0, i + 1), false, origin).text;
            requirePrefix(before, after, origin);
            requirePrefix(after, text, origin);
            spans.add(new ChatTemplate.Span(before.length(), after.length()));
        }
        return spans;
    }
}
