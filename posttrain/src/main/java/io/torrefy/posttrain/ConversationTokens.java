package io.torrefy.posttrain;

import io.torrefy.lm.ChatMessage;
import io.torrefy.lm.ChatTemplate;
import io.torrefy.lm.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Messages as tokens. Only what is new is ever encoded: what the model sampled stays the tokens that it is, and what
/// stood before is not tokenised again.
///
/// With a chat template a reply is what the template writes behind the assistant's text: the rest of a template that
/// shows earlier turns in another way later (without their thoughts) is thereby never seen, as the model never wrote
/// it. The texts of replies are ordinary text: they cannot end a turn.
final class ConversationTokens {
    /// Stand for texts while a template is rendered; of a private use area, so that no template writes them.
    private static final char TURN = '\uE000';

    private static final char MESSAGE = '\uE001';

    private final Tokenizer tokenizer;
    private final @Nullable ChatTemplate template;

    ConversationTokens(Tokenizer tokenizer, @Nullable ChatTemplate template) {
        this.tokenizer = tokenizer;
        this.template = template;
    }

    /// What an episode begins with.
    int[] begin(List<ChatMessage> messages) {
        if (template != null) {
            return tokenizer.encode(template.render(messages, true));
        }
        StringBuilder text = new StringBuilder();
        messages.forEach(message -> text.append(message.content()));
        return Tokens.prompt(tokenizer, text.toString());
    }

    /// What follows a turn of the model.
    ///
    /// @param before the messages that the episode began with
    /// @param ended whether the turn's last token is the end token, which a template would write again
    int[] reply(List<ChatMessage> before, List<ChatMessage> messages, boolean ended) {
        if (template == null) {
            int[] ids = {};
            for (ChatMessage message : messages) {
                ids = Tokens.joined(ids, tokenizer.encodeOrdinary(message.content()));
            }
            return ids;
        }
        List<ChatMessage> all = new ArrayList<>(before);
        all.add(ChatMessage.assistant(String.valueOf(TURN)));
        messages.forEach(message -> all.add(new ChatMessage(message.role(), String.valueOf(MESSAGE))));
        String text = template.render(all, true);
        int turn = text.indexOf(TURN);
        String[] parts = text.substring(turn + 1).split(String.valueOf(MESSAGE), -1);
        if (turn < 0 || parts.length != messages.size() + 1) {
            throw new RunException(
                    "[environment] expected a chat template that writes the assistant's text and each of "
                            + messages.stream().map(ChatMessage::role).toList()
                            + " once; got one that does not. Hint: reply with roles that the template knows.");
        }
        int[] ids = tokenizer.encode(parts[0]);
        if (ended && ids.length > 0 && ids[0] == Tokens.end(tokenizer)) {
            ids = java.util.Arrays.copyOfRange(ids, 1, ids.length);
        }
        for (int i = 0; i < messages.size(); i++) {
            ids = Tokens.joined(ids, tokenizer.encodeOrdinary(messages.get(i).content()));
            ids = Tokens.joined(ids, tokenizer.encode(parts[i + 1]));
        }
        return ids;
    }
}
