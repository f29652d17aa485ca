package io.torrefy.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.testkit.ExportedApi;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ExportedApiTest {
    private static final Path LISTINGS = Path.of("..", "api");

    @Test
    void everyPublicTypeIsExportedAsCommitted() throws IOException {
        assertThat(ExportedApi.problems(Tensor.class, LISTINGS)).isEmpty();
    }

    @Test
    void aModuleWithoutAnIndexIsSeen() throws IOException {
        assertThat(ExportedApi.problems(String.class, LISTINGS))
                .singleElement()
                .asString()
                .contains("java.base has no index");
    }

    @Test
    void aPublicTypeThatIsMissingOrWronglyExceptedIsSeen() throws IOException {
        assertThat(ExportedApi.problems(Tensor.class, LISTINGS, "Scope", "NoSuchType"))
                .containsExactly(
                        "io.torrefy.tensor.Scope is exported: no exception",
                        "NoSuchType is an exception and no public type");
    }
}
