package io.torrefy.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Damaged Parquet files give data or an error that names the file.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ParquetFuzzTest {
    private static final Path SAMPLES = Path.of("src/test/resources/io/torrefy/data");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"none", "snappy", "gzip", "zstd"})
    void damage(String codec) throws IOException {
        byte[] whole = Files.readAllBytes(SAMPLES.resolve("sample-" + codec + ".parquet"));
        var file = folder.resolve("bad.parquet");
        int failures = 0;
        for (int seed = 0; seed < 500; seed++) {
            Files.write(file, Mutations.of(whole, seed));
            try (var reader = Parquet.rows().open(file, RecordSource.Position.START)) {
                while (reader.next().isPresent()) {
                    // Data.
                }
            } catch (MalformedDataException e) {
                failures++;
                assertThat(e).hasMessageContaining("[parquet] " + file + ":" + e.position());
            }
        }
        assertThat(failures).isGreaterThan(100);
    }
}
