package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.export.ExportException;
import io.torrefy.export.ExportIndex;
import io.torrefy.export.ExportRegistry;
import io.torrefy.export.Exported;
import io.torrefy.posttrain.GrpoLoss;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.Rewards;
import io.torrefy.tensor.Tensor;
import io.torrefy.testkit.ExportedApi;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// What the exported names of all modules together keep to: no module below sees all others.
class ExportedNamesTest {
    private static final ExportRegistry REGISTRY = ExportRegistry.standard();

    @Test
    void everyModuleBelowHasItsIndex() {
        assertThat(REGISTRY.indexes())
                .extracting(ExportIndex::module)
                .containsExactly(
                        "io.torrefy.data",
                        "io.torrefy.export",
                        "io.torrefy.lm",
                        "io.torrefy.nn",
                        "io.torrefy.posttrain",
                        "io.torrefy.rl",
                        "io.torrefy.tensor");
        assertThat(REGISTRY.indexes()).allMatch(index -> !index.exports().isEmpty());
    }

    /// The other modules' own tests look after them; `export` is below the kit that they do it with.
    @Test
    void exportKeepsToItsOwnRules() throws IOException {
        assertThat(ExportedApi.problems(ExportRegistry.class, Path.of("..", "api")))
                .isEmpty();
    }

    @Test
    void aNameStandsForOneThing() {
        Map<String, String> owners = new HashMap<>();
        List<String> twice = new ArrayList<>();
        for (ExportIndex index : REGISTRY.indexes()) {
            for (Exported exported : index.exports()) {
                String element = exported.owner() + "#" + exported.member();
                for (String name : exported.allNames()) {
                    String other = owners.putIfAbsent(name, element);
                    if (other != null && !other.equals(element)) {
                        twice.add(name + ": " + other + ", " + element);
                    }
                }
            }
        }
        assertThat(owners).hasSizeGreaterThan(300);
        assertThat(twice).isEmpty();
    }

    /// Our reader of JSON against Jackson's.
    @Test
    void theIndexesAreJsonAsJacksonReadsIt() throws IOException {
        for (ExportIndex index : REGISTRY.indexes()) {
            Module module = ModuleLayer.boot().findModule(index.module()).orElseThrow();
            try (InputStream in = module.getResourceAsStream(ExportIndex.resource(index.module()))) {
                JsonNode json = new ObjectMapper().readTree(in);
                assertThat(json.path("exports")).hasSameSizeAs(index.exports());
                for (int i = 0; i < index.exports().size(); i++) {
                    JsonNode element = json.path("exports").path(i);
                    Exported exported = index.exports().get(i);
                    assertThat(element.path("names").path(0).asText()).isEqualTo(exported.name());
                    assertThat(element.path("summary").asText()).isEqualTo(exported.summary());
                    assertThat(element.path("signature").asText()).isEqualTo(exported.signature());
                    assertThat(element.path("members")).hasSameSizeAs(exported.members());
                }
            }
        }
    }

    @Test
    void namesCallWhatTheyStandFor() throws Throwable {
        Tensor x = Tensor.of(new float[] {1, 2, 3});
        Tensor y =
                (Tensor) REGISTRY.handle(REGISTRY.find("nn.functional.softmax")).invoke(x, 0);
        assertThat(y.toFloats()).containsExactly(x.softmax(0).toFloats());
        assertThat((Object) REGISTRY.handle(REGISTRY.find("tensor.item")).invoke(Tensor.scalar(7)))
                .as("inherited from a class that is not public")
                .isEqualTo(7.0);
        assertThat(REGISTRY.canonicalName(Tensor.class.getMethod("softmax", int.class)))
                .contains("nn.functional.softmax");
        assertThat(REGISTRY.canonicalName(Tensor.class)).contains("tensor.Tensor");
        assertThat(REGISTRY.canonicalName(Tensor.class.getMethod("item"))).contains("tensor.item");
    }

    @Test
    void configurationsResolveNamesAndNothingElse() {
        assertThat(REGISTRY.instantiate("posttrain.losses.dapo", GrpoLoss.LossType.class))
                .isEqualTo(GrpoLoss.LossType.DAPO);
        assertThat(REGISTRY.instantiate("posttrain.rewards.think_answer_format", Reward.class))
                .isInstanceOf(Reward.class);
        assertThat(REGISTRY.type("posttrain.Rewards", Object.class)).isEqualTo(Rewards.class);
        for (String name : List.of("java.lang.ProcessBuilder", "io.torrefy.posttrain.Rewards", "posttrain.RunLock")) {
            assertThatThrownBy(() -> REGISTRY.instantiate(name, Object.class))
                    .isInstanceOf(ExportException.class)
                    .hasMessageContaining("an exported name was expected; got '" + name);
        }
        assertThatThrownBy(() -> REGISTRY.instantiate("posttrain.losses.dapo", Reward.class))
                .isInstanceOf(ExportException.class)
                .hasMessageContaining("a io.torrefy.posttrain.Reward was expected");
    }
}
