package io.torrefy.lm;

import io.torrefy.export.Export;

/// One turn of a conversation.
///
/// @param role who speaks: `system`, `user`, `assistant`, `tool`
@Export(value = "lm.ChatMessage", since = "0.1")
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
