package io.torrefy.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ApiChangeTest {
    private static final String F = "a.f  static A.f(int x) -> int  since 0.1 STABLE\n";

    private static List<ApiChange> diff(String before, String after) {
        return ApiChange.between(List.of(ApiListing.parse(before, "old")), List.of(ApiListing.parse(after, "new")));
    }

    private static ApiChange only(String before, String after) {
        List<ApiChange> changes = diff(before, after);
        assertThat(changes).hasSize(1);
        return changes.getFirst();
    }

    @Test
    void whatIsEqualIsNoChange() {
        assertThat(diff(F, F)).isEmpty();
        assertThat(diff("# m: exported names. Hints.\n\n" + F, F)).isEmpty();
    }

    @Test
    void anAdditionBreaksNobody() {
        ApiChange change = only("", F);
        assertThat(change.sort()).isEqualTo(ApiChange.Sort.ADDED);
        assertThat(change.name()).isEqualTo("a.f");
        assertThat(change.breaks()).isFalse();
        assertThat(only(F, F + F.replace("int x", "long x")).breaks())
                .as("an overload")
                .isFalse();
        assertThat(only(F, F + "    = a.g\n").breaks()).as("a name").isFalse();
    }

    @Test
    void aStableNameThatGoesOrDiffersBreaks() {
        assertThat(only(F, "").sort()).isEqualTo(ApiChange.Sort.REMOVED);
        assertThat(only(F, "").breaks()).isTrue();
        ApiChange differs = only(F, F.replace("int x", "long x"));
        assertThat(differs.sort()).isEqualTo(ApiChange.Sort.CHANGED);
        assertThat(differs.breaks()).isTrue();
        assertThat(differs.before()).containsExactly("static A.f(int x) -> int  since 0.1 STABLE");
        assertThat(only(F + "    = a.g\n", F).breaks()).as("one of its names").isTrue();
        assertThat(only(F + "    default x = 1\n", F).breaks()).as("a default").isTrue();
        assertThat(only("a.A  class b.A  since 0.1 MAINTAINED\n    f()\n", "a.A  class b.A  since 0.1 MAINTAINED\n")
                        .breaks())
                .as("a member")
                .isTrue();
    }

    @Test
    void deprecationIsTheStepBefore() {
        String deprecated = F.replace("STABLE", "DEPRECATED");
        assertThat(only(F, deprecated).breaks()).isFalse();
        assertThat(only(deprecated, "").breaks()).isFalse();
        assertThat(only(F + "    ~ a.g until 0.2, use a.f\n", F).breaks()).isFalse();
        assertThat(only(F.replace("STABLE", "EXPERIMENTAL"), "").breaks()).isFalse();
    }

    @Test
    void aNameMayMoveToAnotherModule() {
        List<ApiListing> before = List.of(ApiListing.parse(F, "m"), ApiListing.parse("", "n"));
        List<ApiListing> after = List.of(ApiListing.parse("", "m"), ApiListing.parse(F, "n"));
        assertThat(ApiChange.between(before, after)).isEmpty();
    }

    @Test
    void whatIsNoListingIsAnErrorWithItsPlace() {
        assertThatThrownBy(() -> ApiListing.parse(F + "a.g static\n", "x.api"))
                .isInstanceOf(ExportException.class)
                .hasMessageContaining("was expected in x.api:2; got 'a.g static'");
        assertThatThrownBy(() -> ApiListing.parse(F.replace("STABLE", "SOLID"), "x.api"))
                .isInstanceOf(ExportException.class)
                .hasMessageContaining("x.api:1; got SOLID");
    }
}
