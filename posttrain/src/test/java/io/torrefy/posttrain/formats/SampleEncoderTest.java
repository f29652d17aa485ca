package io.torrefy.posttrain.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.ChatTemplate;
import io.torrefy.lm.DecoderConfig;
import io.torrefy.lm.Tokenizer;
import io.torrefy.posttrain.Tokens;
import io.torrefy.posttrain.sft.Sft;
import io.torrefy.tensor.Rng;
import io.torrefy.testkit.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Ids and masks of `transformers` (`src/test/python/format_goldens.py`), and what must not pass.
class SampleEncoderTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path RESOURCES = Path.of("src/test/resources/io/torrefy/posttrain/formats");
    private static final JsonNode GOLDEN = Fixtures.json(RESOURCES.resolve("encoded.json"));
    private static final Tokenizer TOKENIZER = tokenizer();

    private static Tokenizer tokenizer() {
        try {
            Path file = Path.of("../fixtures/tokenizer/bpe_qwen/tokenizer.json");
            return BpeTokenizer.parse(Files.readString(file), "{\"eos_token\": \"<|im_end|>\"}");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Sample.Origin origin() {
        return new Sample.Origin("chats.jsonl:3", Map.of());
    }

    private static SampleEncoder encoder(String template) {
        return SampleEncoder.of(TOKENIZER, Optional.of(ChatTemplate.of(template)));
    }

    private static SampleEncoder plain() {
        return encoder(GOLDEN.get("plain").asText());
    }

    private static List<Map<String, @Nullable Object>> messages(JsonNode golden) {
        return JSON.convertValue(golden.get("messages"), new TypeReference<>() {});
    }

    private static Sample.LanguageModeling chat(List<Map<String, @Nullable Object>> messages) {
        return new Sample.LanguageModeling(new Content.Chat(messages), origin());
    }

    private static int[] ints(JsonNode array) {
        return JSON.convertValue(array, int[].class);
    }

    private static int[] bits(boolean[] mask) {
        return IntStream.range(0, mask.length).map(i -> mask[i] ? 1 : 0).toArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"marked", "unstopped", "turns"})
    void masksWhatTheTemplateMarks(String name) {
        var encoder = encoder(GOLDEN.get("templates").get(name).asText()).withAssistantOnlyLoss(true);
        for (JsonNode c : GOLDEN.get("cases")) {
            TokenSequence sequence = encoder.sequence(chat(messages(c)));
            assertThat(sequence.ids()).isEqualTo(ints(c.get("ids")));
            assertThat(bits(sequence.trained())).isEqualTo(ints(c.get("masks").get(name)));
        }
    }

    /// A tokenizer that composes characters reads another text than the one that was marked.
    @Test
    void masksDecomposedCharacters() {
        var encoder = encoder(GOLDEN.get("templates").get("marked").asText()).withAssistantOnlyLoss(true);
        List<boolean[]> masks = new ArrayList<>();
        for (String form : List.of("o\u0308", "\u00f6")) {
            masks.add(encoder.sequence(chat(List.of(
                            Map.of("role", "user", "content", "R" + form + "ste"),
                            Map.of("role", "assistant", "content", "Sch" + form + "n."))))
                    .trained());
        }
        assertThat(masks.getFirst()).isEqualTo(masks.getLast());
    }

    /// Without marks, a turn is what rendering it adds. One at the very beginning has nothing before it.
    @Test
    void findsTurnsWithoutMarks() {
        var encoder = plain().withAssistantOnlyLoss(true);
        for (JsonNode c : GOLDEN.get("cases")) {
            if (c.get("messages").get(0).get("role").asText().equals("assistant")) {
                continue;
            }
            TokenSequence sequence = encoder.sequence(chat(messages(c)));
            assertThat(bits(sequence.trained())).isEqualTo(ints(c.get("masks").get("turns")));
        }
    }

    @Test
    void completionsBeginWhereTheirPromptsEnd() {
        String marked = GOLDEN.get("templates").get("marked").asText();
        for (JsonNode c : GOLDEN.get("cases")) {
            var all = messages(c);
            var sample = new Sample.PromptCompletion(
                    new Content.Chat(all.subList(0, all.size() - 1)),
                    new Content.Chat(List.of(all.getLast())),
                    origin());
            TokenSequence sequence = plain().sequence(sample);
            int prompt = c.get("prompt").size();
            assertThat(sequence.ids()).isEqualTo(ints(c.get("ids")));
            assertThat(Arrays.copyOf(sequence.ids(), prompt)).isEqualTo(ints(c.get("prompt")));
            for (int i = 0; i < sequence.length(); i++) {
                assertThat(sequence.trained()[i]).isEqualTo(i >= prompt);
            }
            assertThat(plain().withCompletionOnlyLoss(false).sequence(sample).trained())
                    .doesNotContain(false);
            // Both masks: where both say so.
            int[] both = ints(c.get("masks").get("marked"));
            Arrays.fill(both, 0, prompt, 0);
            assertThat(bits(encoder(marked)
                            .withAssistantOnlyLoss(true)
                            .sequence(sample)
                            .trained()))
                    .isEqualTo(both);
        }
    }

    @Test
    void textsBeginAndEnd() {
        int end = TOKENIZER.eosId().orElseThrow();
        SampleEncoder encoder = SampleEncoder.of(TOKENIZER, Optional.empty());
        int[] prompt = Tokens.prompt(TOKENIZER, "1 + 2 =");
        int[] answer = TOKENIZER.encode(" three");
        TokenSequence sequence = encoder.sequence(
                new Sample.PromptCompletion(new Content.Text("1 + 2 ="), new Content.Text(" three"), origin()));
        assertThat(sequence.ids()).startsWith(prompt).endsWith(end).hasSize(prompt.length + answer.length + 1);
        assertThat(sequence.targets()).isEqualTo(answer.length + 1);
        TokenSequence ended =
                encoder.sequence(new Sample.LanguageModeling(new Content.Text("1 + 2 = three<|im_end|>"), origin()));
        assertThat(ended.ids()).endsWith(TOKENIZER.encode(" three")[answer.length - 1], end);
        assertThat(ended.trained()).doesNotContain(false);
    }

    @Test
    void preferencesShareTheirPrompt() {
        Encoded.Pair pair = SampleEncoder.of(TOKENIZER, Optional.empty())
                .pair(new Sample.Preference(
                        new Content.Text("Q:"), new Content.Text(" yes"), new Content.Text(" no"), origin()));
        assertThat(pair.better().ids()).startsWith(pair.prompt()).endsWith(pair.chosen());
        assertThat(pair.worse().targets()).isEqualTo(pair.rejected().length);
        assertThatThrownBy(() -> plain().pair(new Sample.Preference(
                        new Content.Text("Q:"), new Content.Text(" a"), new Content.Text(" a<|im_end|>"), origin())))
                .hasMessageContaining("chats.jsonl:3")
                .hasMessageContaining("the same for both");
    }

    /// The layout of TRL's PRMTrainer: prompt, then each step and a separator, whose last token is judged.
    @Test
    void stepsAreJudgedAtTheirEnds() {
        Encoded.Steps steps = SampleEncoder.of(TOKENIZER, Optional.empty())
                .steps(
                        new Sample.Stepwise(
                                new Content.Text("1 + 2"), List.of("one", "three"), List.of(true, false), origin()),
                        "\n");
        int[] ids = Tokens.prompt(TOKENIZER, "1 + 2");
        int[] ends = new int[2];
        for (int i = 0; i < 2; i++) {
            ids = TokenSequence.joined(
                    ids, TOKENIZER.encode(List.of("one", "three").get(i)));
            ids = TokenSequence.joined(ids, TOKENIZER.encode("\n"));
            ends[i] = ids.length - 1;
        }
        assertThat(steps.ids()).isEqualTo(ids);
        assertThat(steps.ends()).isEqualTo(ends);
        assertThat(steps.labels()).containsExactly(true, false);
    }

    @Test
    void refusesTemplatesThatRewriteThePast() {
        String cuts =
                "{% for m in messages %}{{ m.role }}: {{ m.content if loop.last else m.content.split('|')[-1] }}\n"
                        + "{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";
        Map<String, @Nullable Object> user = Map.of("role", "user", "content", "q");
        Map<String, @Nullable Object> thinks = Map.of("role", "assistant", "content", "hm|yes");
        assertThat(TemplateChecks.prefixBreak(ChatTemplate.of(cuts))).isEmpty(); // no '|' in what it is asked about
        assertThatThrownBy(() -> encoder(cuts).withAssistantOnlyLoss(true).sequence(chat(List.of(user, thinks, user))))
                .hasMessageContaining("chats.jsonl:3")
                .hasMessageContaining("prefix-preserving")
                .hasMessageContaining("yes");
        String thoughts = "{% for m in messages %}{{ m.content if loop.last else m.content.split('</think>')[-1] }};"
                + "{% endfor %}";
        assertThat(TemplateChecks.prefixBreak(ChatTemplate.of(thoughts)).orElseThrow())
                .contains("<think>");
        assertThat(TemplateChecks.prefixBreak(ChatTemplate.chatMl())).isEmpty();
    }

    @Test
    void saysWhatDoesNotFit() {
        var text = new Sample.LanguageModeling(new Content.Text("a"), origin());
        assertThatThrownBy(() -> plain().withAssistantOnlyLoss(true).sequence(text))
                .hasMessageContaining("chats.jsonl:3")
                .hasMessageContaining("expected a conversation");
        var chat = chat(messages(GOLDEN.get("cases").get(0)));
        assertThatThrownBy(() -> SampleEncoder.of(TOKENIZER, Optional.empty()).sequence(chat))
                .hasMessageContaining("expected a chat template");
        assertThatThrownBy(() -> encoder("{{ raise_exception('never') }}").sequence(chat))
                .hasMessageContaining("chats.jsonl:3")
                .hasMessageContaining("never");
        assertThatThrownBy(() -> plain().prompt(new Sample.PromptOnly(chat.content(), origin())))
                .hasMessageContaining("ends before the assistant's turn");
        assertThatThrownBy(() -> plain().sequence(new Sample.PromptOnly(new Content.Text("a"), origin())))
                .hasMessageContaining("got PromptOnly");
    }

    /// A template that leaves the turn's end outside its marks teaches a model that never stops.
    @Test
    void aStopTokenThatIsNeverTrainedIsRefused() {
        List<TokenSequence> never = new ArrayList<>();
        List<TokenSequence> right = new ArrayList<>();
        for (JsonNode c : GOLDEN.get("cases")) {
            var chat = chat(messages(c));
            JsonNode templates = GOLDEN.get("templates");
            never.add(encoder(templates.get("unstopped").asText())
                    .withAssistantOnlyLoss(true)
                    .sequence(chat));
            right.add(encoder(templates.get("marked").asText())
                    .withAssistantOnlyLoss(true)
                    .sequence(chat));
        }
        int vocab = TOKENIZER.highestId() + 1;
        try (CausalLm model = CausalLm.create(DecoderConfig.llama(vocab, 8, 1, 1, 16, 128), Rng.of(1))) {
            Sft.Options options = Sft.Options.defaults();
            Sft.of(model, TOKENIZER, right, options).close();
            assertThatThrownBy(() -> Sft.of(model, TOKENIZER, never, options))
                    .hasMessageContaining("stop token")
                    .hasMessageContaining("<|im_end|>");
            int length = right.getFirst().length();
            Sft.Options cut = options.withMaxLength(length - 2); // before the turn's end and its line feed
            assertThatThrownBy(() -> Sft.of(model, TOKENIZER, right.subList(0, 1), cut))
                    .hasMessageContaining("lie behind maxLength " + (length - 2));
            try (Sft sft = Sft.of(model, right.subList(0, 1), cut)) {
                assertThat(sft.truncated()).isEqualTo(1);
            }
        }
    }
}
