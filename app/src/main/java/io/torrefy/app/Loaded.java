package io.torrefy.app;

import io.torrefy.lm.BpeTokenizer;
import io.torrefy.lm.CausalLm;
import io.torrefy.lm.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/// A model and the tokenizer that fits it.
record Loaded(CausalLm model, Tokenizer tokenizer) {
    /// Reads both from a folder of Hugging Face's layout.
    static Loaded from(Path folder) {
        CausalLm model = CausalLm.load(folder);
        Tokenizer tokenizer = BpeTokenizer.load(folder);
        tokenizer.checkFits(model.config().vocab());
        return new Loaded(model, tokenizer);
    }

    /// A text as the beginning of what the model goes on with: with the tokens that the tokenizer's template puts
    /// around it, else behind the beginning token where there is one.
    int[] prompt(String text) {
        int[] plain = tokenizer.encode(text);
        int[] whole = tokenizer.encodeWithSpecials(text);
        if (!Arrays.equals(plain, whole)) {
            return whole;
        }
        int begin =
                tokenizer.bosId().orElse(plain.length == 0 ? tokenizer.eosId().orElse(-1) : -1);
        if (begin < 0 || (plain.length > 0 && plain[0] == begin)) {
            return plain;
        }
        int[] behind = new int[plain.length + 1];
        behind[0] = begin;
        System.arraycopy(plain, 0, behind, 1, plain.length);
        return behind;
    }

    /// The tokens that end a text.
    Set<Integer> stopIds() {
        return Arrays.stream(tokenizer.stopIds()).boxed().collect(Collectors.toSet());
    }
}
