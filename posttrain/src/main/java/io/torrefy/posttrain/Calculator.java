package io.torrefy.posttrain;

import io.torrefy.export.Export;
import io.torrefy.lm.ChatMessage;
import java.util.List;

/// A calculator that the model may call, for [Arithmetic] and [Countdown]: after `<calc> 3 * ( 7 + 2 ) </calc>` it says
/// `<result> 27 </result>`, exactly, fractions as `7/2`. A turn without a call ends the episode.
@Export(value = "posttrain.Calculator", since = "0.1")
public final class Calculator implements ConversationEnvironment {
    private static final String CALL = "<calc>";
    private static final String CALL_END = "</calc>";

    private Calculator() {}

    /// The calculator.
    @Export(value = "posttrain.environments.calculator", since = "0.1")
    public static ConversationEnvironment of() {
        return new Calculator();
    }

    @Override
    public List<String> stopStrings() {
        return List.of(CALL_END);
    }

    @Override
    public Conversation reset(Problem problem) {
        return new Conversation() {
            @Override
            public List<ChatMessage> messages() {
                return List.of(ChatMessage.user(problem.prompt()));
            }

            @Override
            public Reply step(String completion) {
                int end = completion.lastIndexOf(CALL_END);
                int start = end < 0 ? -1 : completion.lastIndexOf(CALL, end);
                return start < 0 ? Reply.end(0) : answer(completion.substring(start + CALL.length(), end));
            }
        };
    }

    private static Reply answer(String expression) {
        try {
            Rational value = Expression.parse(expression).expression().evaluate();
            return Reply.tool(result(value.toString()));
        } catch (Expression.Unreadable e) {
            return Reply.failed(result("error: " + e.why()));
        } catch (ArithmeticException e) {
            return Reply.failed(result("error: " + e.getMessage()));
        }
    }

    private static String result(String text) {
        return "<result> " + text + " </result>";
    }
}
