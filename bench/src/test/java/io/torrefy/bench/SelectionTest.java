package io.torrefy.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SelectionTest {
    private static final List<Row> ROWS = List.of(
            row("sgemm-nn-256").in("sgemm"),
            row("sgemm-nt-256").in("sgemm"),
            row("attention-1024"),
            row("attention-causal-1024"),
            row("rmsnorm"),
            row("layernorm"));

    private static Row row(String name) {
        return Row.of(name, name, "none", Map.of());
    }

    private static List<String> names(String... only) {
        return Selection.of(ROWS, List.of(only)).stream().map(Row::name).toList();
    }

    @Test
    void noNameIsAllRows() {
        assertThat(Selection.of(ROWS, List.of())).isEqualTo(ROWS);
    }

    @Test
    void namesSuitesAndBeginningsUpToAHyphen() {
        assertThat(names("sgemm")).containsExactly("sgemm-nn-256", "sgemm-nt-256");
        assertThat(names("sgemm-nt")).containsExactly("sgemm-nt-256");
        assertThat(names("attention")).containsExactly("attention-1024", "attention-causal-1024");
        assertThat(names("rmsnorm", "sgemm-nn", "rmsnorm")).containsExactly("sgemm-nn-256", "rmsnorm");
    }

    @Test
    void everyUnknownNameIsToldWithTheNearest() {
        assertThatThrownBy(() -> names("rmsnrom", "sgemm", "atention-1024", "sgem", "zzzzzz"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'rmsnrom' (did you mean rmsnorm?")
                .hasMessageContaining("'atention-1024' (did you mean attention-1024?")
                .hasMessageContaining("'sgem' (did you mean sgemm?")
                .hasMessageEndingWith("and 'zzzzzz'")
                .hasMessageNotContaining("'sgemm'");
    }

    /// A name is a key of the history, so a second row of it would be compared with the first.
    @Test
    void theTablesNamesAreUnique() {
        assertThat(Table.rows()).extracting(Row::name).doesNotHaveDuplicates();
        assertThat(Table.rows()).extracting(Row::suite).containsAll(Table.SUITE_TARGETS.keySet());
    }
}
