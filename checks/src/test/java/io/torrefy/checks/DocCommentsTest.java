package io.torrefy.checks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DocCommentsTest {
    private static final String LONG = "word ".repeat(21) + "edge end";

    @Test
    void overflowMovesToTheNextLineOfTheSameText() {
        assertThat(LONG).hasSize(113);
        assertThat(DocComments.refill("    /// " + LONG + " too long\n    /// for it.\n    int x;\n"))
                .isEqualTo(
                        "    /// " + "word ".repeat(21).strip() + "\n    /// edge end too long for it.\n    int x;\n");
    }

    @Test
    void overflowGetsALineOfItsOwnBeforeAnotherBlock() {
        assertThat(DocComments.refill("    /// @param a " + LONG + "\n    /// @param b this\n"))
                .isEqualTo("    /// @param a " + "word ".repeat(20).strip()
                        + "\n    ///     word edge end\n    /// @param b this\n");
    }

    @Test
    void whatFitsAndWhatIsLiteralStays() {
        String fits = "/// " + LONG + "\n/// short\nclass A {}\n";
        assertThat(DocComments.refill(fits)).isEqualTo(fits);
        String code = "/// ```\n/// " + LONG + LONG + "\n/// ```\n";
        assertThat(DocComments.refill(code)).isEqualTo(code);
    }
}
