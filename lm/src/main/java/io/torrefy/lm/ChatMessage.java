package io.torrefy.lm;

/// One turn of a conversation.
///
/// @param role who speaks: `system`, `user`, `assistant`, `tool`
public record ChatMessage(String role, String content) {
    /// What the model is told beforehand.
    public static ChatMessage system(String content) {
        return new ChatMessage("system", content);
    }

    /// What a person says.
    public static ChatMessage user(String content) {
        return new ChatMessage("user", content);
    }

    /// What the model says.
    public static ChatMessage assistant(String content) {
        return new ChatMessage("assistant", content);
    }
}
