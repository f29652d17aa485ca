package io.torrefy.rl;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.testkit.ExportedApi;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ExportedApiTest {
    private static final Path LISTINGS = Path.of("..", "api");

    @Test
    void everyPublicTypeIsExportedAsCommitted() throws IOException {
        assertThat(ExportedApi.problems(Env.class, LISTINGS)).isEmpty();
    }
}
