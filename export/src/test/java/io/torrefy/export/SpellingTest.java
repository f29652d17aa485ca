package io.torrefy.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpellingTest {
    /// The textbook's examples of Levenshtein's distance, which hold no neighbours to swap.
    @Test
    void insertionsDeletionsAndReplacementsCount() {
        assertThat(Spelling.distance("kitten", "sitting")).isEqualTo(3);
        assertThat(Spelling.distance("saturday", "sunday")).isEqualTo(3);
        assertThat(Spelling.distance("flaw", "lawn")).isEqualTo(2);
        assertThat(Spelling.distance("intention", "execution")).isEqualTo(5);
        assertThat(Spelling.distance("", "abc")).isEqualTo(3);
        assertThat(Spelling.distance("abc", "")).isEqualTo(3);
        assertThat(Spelling.distance("same", "same")).isZero();
    }

    /// The textbook's example of the restricted distance: `ca` is two from `ab`'s middle, and three from `abc`.
    @Test
    void neighboursThatAreSwappedCountOnce() {
        assertThat(Spelling.distance("ab", "ba")).isOne();
        assertThat(Spelling.distance("rmsnrom", "rmsnorm")).isOne();
        assertThat(Spelling.distance("ca", "abc")).isEqualTo(3);
    }

    @Test
    void theNearestComeFirstAndTheFarNotAtAll() {
        List<String> names = List.of("nn.Linear", "nn.functional.linear", "nn.Layer", "optim.AdamW", "optim.Adam");
        assertThat(Spelling.nearest("nn.Liner", names, 3)).containsExactly("nn.Linear", "nn.Layer");
        assertThat(Spelling.nearest("optim.adamw", names, 1)).containsExactly("optim.AdamW");
        assertThat(Spelling.nearest("somewhere.else", names, 3)).isEmpty();
        assertThat(Spelling.nearest("training.schedules.AdamW", names, 3)).containsExactly("optim.AdamW");
    }

    @Test
    void shortNamesAreNotNearForBeingShort() {
        List<String> names = List.of("age", "sex", "a");
        assertThat(Spelling.nearest("aeg", names, 3)).containsExactly("age");
        assertThat(Spelling.nearest("if", names, 3)).isEmpty();
        assertThat(Spelling.nearest("x".repeat(100_000), names, 3)).isEmpty();
    }
}
