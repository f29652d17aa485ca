package io.torrefy.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.torrefy.data.FeatureBatches;
import io.torrefy.data.FittedSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PenguinsTest {
    @TempDir
    Path folder;

    /// Of 86 penguins at most four are mistaken; always saying the most frequent species mistakes half of them.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void tellsSpeciesApart(long seed) throws IOException {
        var result = Penguins.run(seed, folder);
        assertThat(result.testRows()).isEqualTo(86);
        assertThat(result.accuracy()).isGreaterThan(0.95);
        assertThat(result.baseline()).isBetween(0.3, 0.6);
    }

    @Test
    void servesSingleRowsWithTheNumbersOfTheBatch() throws IOException {
        Penguins.run(1, folder);
        var rows = Penguins.split(Penguins.rows(), 1).test();
        try (var model = WideAndDeep.load(folder)) {
            var schema = model.schema();
            int classes = schema.classes().size();
            float[] batch = model.probabilities(
                    schema.encode(FeatureBatches.of(rows, schema.schema().types())));
            for (int r = 0; r < rows.size(); r++) {
                float[] expected = Arrays.copyOfRange(batch, r * classes, (r + 1) * classes);
                assertThat(model.probabilities(schema.encode(rows.get(r)))).containsExactly(expected);
                assertThat(model.probabilities(schema.encode(rows.get(r).values())))
                        .containsExactly(expected);
            }
        }
    }

    @Test
    void theSameSeedGivesTheSameFiles() throws IOException {
        Penguins.run(7, folder.resolve("a"));
        Penguins.run(7, folder.resolve("b"));
        for (String name : new String[] {"schema.json", "model.safetensors"}) {
            assertThat(folder.resolve("a").resolve(name))
                    .hasSameBinaryContentAs(folder.resolve("b").resolve(name));
        }
    }

    @Test
    void refusesWeightsOfAnotherSchema() throws IOException {
        Penguins.run(1, folder.resolve("a"));
        Penguins.run(2, folder.resolve("b"));
        Files.copy(folder.resolve("a/model.safetensors"), folder.resolve("c.safetensors"));
        Files.move(
                folder.resolve("c.safetensors"),
                folder.resolve("b/model.safetensors"),
                StandardCopyOption.REPLACE_EXISTING);
        String fingerprint = FittedSchema.read(folder.resolve("b/schema.json")).fingerprint();
        assertThatThrownBy(() -> WideAndDeep.load(folder.resolve("b")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected weights of schema " + fingerprint);
    }

    @Test
    void theSchemaLearnsThePublishedNumbers() throws IOException {
        var rows = Penguins.rows();
        var schema = Penguins.schema(rows);
        var fitted = schema.fit(List.of(FeatureBatches.of(rows, schema.types())));
        // Horst, Hill and Gorman (2020): 344 penguins, 152 Adelie, 68 Chinstrap, 124 Gentoo; 342 were measured, and
        // their mean body mass is 4201.75 g.
        assertThat(fitted.classes()).isEqualTo(List.of("Adelie", "Chinstrap", "Gentoo"));
        assertThat(fitted.statistics().get("Species").words().words())
                .extracting(w -> w.value() + " " + w.count())
                .containsExactly("Adelie 152", "Gentoo 124", "Chinstrap 68");
        var mass = fitted.statistics().get("Body Mass (g)");
        assertThat(mass.missing()).isEqualTo(2);
        assertThat(mass.numbers().count()).isEqualTo(342);
        assertThat(mass.numbers().mean()).isCloseTo(4201.754386, within(1e-6));
        assertThat(mass.numbers().min()).isEqualTo(2700);
        assertThat(mass.numbers().max()).isEqualTo(6300);
    }
}
