package io.torrefy.export.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpellingTest {
    /// The textbook's examples of Levenshtein's distance.
    @Test
    void theDistanceIsLevenshteins() {
        assertThat(Spelling.distance("kitten", "sitting")).isEqualTo(3);
        assertThat(Spelling.distance("saturday", "sunday")).isEqualTo(3);
        assertThat(Spelling.distance("flaw", "lawn")).isEqualTo(2);
        assertThat(Spelling.distance("intention", "execution")).isEqualTo(5);
        assertThat(Spelling.distance("", "abc")).isEqualTo(3);
        assertThat(Spelling.distance("abc", "")).isEqualTo(3);
        assertThat(Spelling.distance("same", "same")).isZero();
    }

    @Test
    void theNearestComeFirstAndTheFarNotAtAll() {
        List<String> names = List.of("nn.Linear", "nn.functional.linear", "nn.Layer", "optim.AdamW", "optim.Adam");
        assertThat(Spelling.nearest("nn.Liner", names, 3)).containsExactly("nn.Linear", "nn.Layer");
        assertThat(Spelling.nearest("optim.adamw", names, 1)).containsExactly("optim.AdamW");
        assertThat(Spelling.nearest("somewhere.else", names, 3)).isEmpty();
    }
}
