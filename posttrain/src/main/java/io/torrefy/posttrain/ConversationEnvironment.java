package io.torrefy.posttrain;

import io.torrefy.export.Export;
import io.torrefy.lm.ChatMessage;
import java.util.List;

/// What answers a model during an episode of several turns: tools, a user, a game. The model's turns are trained; what
/// the environment says is read by the model and masked out of the loss.
///
/// Environments draw no random numbers of their own but by the problem, and keep the state of an episode in its
/// [Conversation]: a run that is resumed then sees the same.
@Export(value = "posttrain.ConversationEnvironment", since = "0.1")
@FunctionalInterface
public interface ConversationEnvironment {
    /// Begins an episode.
    Conversation reset(Problem problem);

    /// Texts at which a turn of the model ends, beside its end token: the end of a tool's call.
    default List<String> stopStrings() {
        return List.of();
    }

    /// An episode.
    interface Conversation {
        /// What the model is given to begin with.
        List<ChatMessage> messages();

        /// What follows a turn of the model.
        ///
        /// @param completion the turn's text without special tokens; the token in which a stop string ends may
        ///     go beyond it
        Reply step(String completion);
    }

    /// What the environment says to a turn.
    ///
    /// @param messages what the model is given next; none at the end
    /// @param done whether the episode ends
    /// @param reward is added to the episode's; the sum stands beside the rewards as `environment`
    /// @param failed whether a tool was called in a way that it does not take, for the metrics
    record Reply(List<ChatMessage> messages, boolean done, double reward, boolean failed) {
        public Reply {
            messages = List.copyOf(messages);
            if (done != messages.isEmpty() || !Double.isFinite(reward)) {
                throw new IllegalArgumentException("[environment] expected messages for the model, or the end of the"
                        + " episode, and a finite reward; got " + messages.size() + " messages, done " + done
                        + " and reward " + reward);
            }
        }

        /// A tool's result.
        public static Reply tool(String content) {
            return new Reply(List.of(new ChatMessage("tool", content)), false, 0, false);
        }

        /// Why a tool has no result.
        public static Reply failed(String content) {
            return new Reply(List.of(new ChatMessage("tool", content)), false, 0, true);
        }

        /// The end.
        public static Reply end(double reward) {
            return new Reply(List.of(), true, reward, false);
        }
    }
}
