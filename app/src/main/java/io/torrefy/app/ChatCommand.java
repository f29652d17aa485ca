package io.torrefy.app;

import io.torrefy.lm.ChatMessage;
import io.torrefy.lm.ChatTemplate;
import io.torrefy.lm.Generator;
import io.torrefy.lm.ModelException;
import io.torrefy.lm.Sampling;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `torrefy chat`.
@Command(
        name = "chat",
        description = {
            "Talks with a model that has a chat template, a line at a time.",
            "/reset begins anew, /exit or the end of input leaves."
        })
final class ChatCommand implements Callable<Integer> {
    private static final String TURN_END = "<|im_end|>";

    @Option(names = "--system", paramLabel = "TEXT", description = "What the model is told beforehand.")
    private Optional<String> system = Optional.empty();

    @Option(
            names = "--chatml",
            description = "Use the ChatML template (<|im_start|>role … <|im_end|>) in place of the model's own.")
    private boolean chatMl;

    @Mixin
    private ModelOption model = new ModelOption();

    @Mixin
    private WeightsOption weights = new WeightsOption();

    @Mixin
    private SamplingOptions options = new SamplingOptions();

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Override
    public Integer call() throws IOException {
        common.apply();
        Sampling wanted = options.sampling(common, Set.of());
        ChatTemplate template = template();
        Loaded loaded = model.load();
        Sampling sampling = chatMl ? chatMlStops(loaded, wanted) : wanted.withStopIds(loaded.stopIds());
        List<ChatMessage> messages = start();
        int turns = 0;
        int tokens = 0;
        try (Generator generator = Generator.of(loaded.model(), loaded.tokenizer(), 1, weights.format())) {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, charset()));
            for (Optional<String> line = read(in); line.isPresent(); line = read(in)) {
                String said = line.get().strip();
                if (said.equals("/exit") || said.equals("/quit")) {
                    break;
                }
                if (said.equals("/reset")) {
                    messages = start();
                } else if (!said.isEmpty()) {
                    messages.add(ChatMessage.user(said));
                    tokens += answer(loaded, generator, sampling, template, messages, turns++);
                }
            }
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("model", model.folder().toString());
        json.put("seed", sampling.seed());
        json.put("turns", turns);
        json.put("tokens", tokens);
        common.result(json);
        return 0;
    }

    private ChatTemplate template() {
        if (chatMl) {
            return ChatTemplate.chatMl();
        }
        return ChatTemplate.load(model.folder())
                .orElseThrow(() -> new ModelException("[chat] expected a chat template in " + model.folder()
                        + "; got none, as base models have none. Hint: ./torrefy generate goes on with a text;"
                        + " --chatml uses that template all the same."));
    }

    /// A turn ends with `<|im_end|>`, which need not be a token of this model.
    private static Sampling chatMlStops(Loaded loaded, Sampling sampling) {
        Set<Integer> ids = new HashSet<>(loaded.stopIds());
        OptionalInt end = loaded.tokenizer().tokenToId(TURN_END);
        end.ifPresent(ids::add);
        List<String> strings = new ArrayList<>(sampling.stopStrings());
        if (end.isEmpty()) {
            strings.add(TURN_END);
        }
        return sampling.withStopIds(ids).withStopStrings(strings);
    }

    private List<ChatMessage> start() {
        List<ChatMessage> messages = new ArrayList<>();
        system.ifPresent(text -> messages.add(ChatMessage.system(text)));
        return messages;
    }

    /// Adds the model's answer to the messages, and gives its number of tokens.
    private int answer(
            Loaded loaded,
            Generator generator,
            Sampling sampling,
            ChatTemplate template,
            List<ChatMessage> messages,
            int turn) {
        int[] prompt = loaded.tokenizer().encode(template.render(messages, true));
        if (prompt.length >= loaded.model().config().maxPositions()) {
            messages.removeLast();
            common.err()
                    .println("torrefy: the conversation has " + prompt.length
                            + " tokens, and the model takes fewer than "
                            + loaded.model().config().maxPositions() + ". Hint: /reset begins anew.");
            return 0;
        }
        TextStream stream = new TextStream(loaded.tokenizer(), sampling);
        var done = generator.generate(List.of(prompt), sampling, turn, (_, id) -> write(stream.accept(id)));
        write(stream.finish() + "\n");
        messages.add(ChatMessage.assistant(stream.text()));
        return done.getFirst().ids().length;
    }

    private Optional<String> read(BufferedReader in) throws IOException {
        if (System.console() != null && System.console().isTerminal()) {
            write("> ");
        }
        return Optional.ofNullable(in.readLine());
    }

    private void write(String text) {
        common.out().print(text);
        common.out().flush();
    }

    private static Charset charset() {
        String name = System.getProperty("stdin.encoding", "");
        return Charset.isSupported(name.isEmpty() ? "UTF-8" : name)
                ? Charset.forName(name.isEmpty() ? "UTF-8" : name)
                : StandardCharsets.UTF_8;
    }
}
