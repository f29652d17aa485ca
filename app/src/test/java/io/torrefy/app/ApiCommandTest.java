package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.posttrain.GrpoLoss;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiCommandTest {
    private static final Path LISTINGS = Path.of("..", "api");

    @TempDir
    Path folder;

    private final CommandRun run = new CommandRun();

    @Test
    void listShowsTheNamesOfThePrefix() throws IOException {
        assertThat(run.execute("api", "list", "posttrain.losses", "--json")).isZero();
        assertThat(run.out().lines().limit(8))
                .allMatch(line -> line.startsWith("posttrain.losses.") && line.endsWith("since 0.1 STABLE"))
                .anyMatch(line -> line.contains("static GrpoLoss.LossType.DAPO: GrpoLoss.LossType"));
        JsonNode json = new ObjectMapper().readTree(run.lastLine());
        assertThat(json.path("count").asInt()).isEqualTo(GrpoLoss.LossType.values().length);
        assertThat(json.path("exports").path(0).path("name").asText()).isEqualTo("posttrain.losses.bnpo");
    }

    @Test
    void listFiltersByModuleAndStatus() throws IOException {
        assertThat(run.execute("api", "list", "--module", "tensor", "--status", "experimental"))
                .isZero();
        long listed = Files.readString(LISTINGS.resolve("io.torrefy.tensor.api"))
                .lines()
                .filter(line -> line.endsWith(" EXPERIMENTAL"))
                .count();
        assertThat(listed).isPositive();
        assertThat(run.out().lines()).hasSize((int) listed).allMatch(line -> line.endsWith("EXPERIMENTAL"));
        assertThat(run.execute("api", "list", "--module", "tensors")).isEqualTo(2);
        assertThat(run.err()).contains("--module", "got tensors");
    }

    @Test
    void showTellsAllAboutAName() {
        assertThat(run.execute("api", "show", "optim.SGD")).isZero();
        assertThat(run.out())
                .startsWith("optim.SGD\n")
                .contains("signature   final class io.torrefy.nn.Sgd extends Optimizer")
                .contains("since       0.1", "status      STABLE", "also        optim.Sgd", "summary     ")
                .contains("member      withMomentum(double value) -> Sgd");
    }

    @Test
    void aMisspeltNameIsAnsweredWithTheNearest() {
        assertThat(run.execute("api", "show", "nn.Liner")).isOne();
        assertThat(run.err()).contains("got 'nn.Liner'. Did you mean nn.Linear");
    }

    @Test
    void listFindsEveryNameAndSaysWhereThereIsNone() {
        assertThat(run.execute("api", "list", "optim.Sgd")).isZero();
        assertThat(run.out()).as("by its other name").containsPattern("optim.SGD +final class io.torrefy.nn.Sgd ");
        CommandRun none = new CommandRun();
        assertThat(none.execute("api", "list", "nn.lossse")).isOne();
        assertThat(none.err())
                .contains("got 'nn.lossse'. Did you mean nn.Losses, nn.losses?")
                .doesNotContain("\tat ");
        CommandRun empty = new CommandRun();
        assertThat(empty.execute("api", "list", "nn.losses", "--status", "deprecated"))
                .isZero();
    }

    @Test
    void diffFailsOnABreakOnly() throws IOException {
        assertThat(run.execute("api", "diff", LISTINGS.toString(), LISTINGS.toString()))
                .isZero();
        assertThat(run.out()).isEqualTo("No difference.\n");

        String name = "io.torrefy.nn.api";
        String text = Files.readString(LISTINGS.resolve(name));
        String line = text.lines()
                .filter(l -> l.startsWith("nn.losses.kl_div  "))
                .findFirst()
                .orElseThrow();
        Path less = Files.writeString(folder.resolve(name), text.replace(line + "\n", ""));
        CommandRun gone = new CommandRun();
        assertThat(gone.execute("api", "diff", LISTINGS.resolve(name).toString(), less.toString()))
                .isOne();
        assertThat(gone.out()).contains("nn.losses.kl_div  (breaks users)", "1 changed, 1 of them break users.");
        CommandRun come = new CommandRun();
        assertThat(come.execute(
                        "api", "diff", less.toString(), LISTINGS.resolve(name).toString(), "--json"))
                .isZero();
        JsonNode json = new ObjectMapper().readTree(come.lastLine());
        assertThat(json.path("breaks").asBoolean(true)).isFalse();
        assertThat(json.path("changes").path(0).path("name").asText()).isEqualTo("nn.losses.kl_div");
    }

    @Test
    void diffNamesWhatItCannotRead() {
        assertThat(run.execute("api", "diff", folder.toString(), LISTINGS.toString()))
                .isOne();
        assertThat(run.err()).contains("a listing, or a folder with files *.api, was expected; got " + folder);
    }

    @Test
    void thePageOfTheDocumentationIsCurrent() throws IOException {
        Path page = folder.resolve("api.md");
        assertThat(run.execute("api", "docs", "--out", page.toString())).isZero();
        assertThat(Files.readString(page))
                .as("docs/api.md is out of date: ./torrefy api docs")
                .isEqualTo(Files.readString(Path.of("..", "docs", "api.md")));
    }

    @Test
    void theLossOfARunIsGivenByEitherName() {
        assertThat(loss("dapo")).isEqualTo(GrpoLoss.LossType.DAPO);
        assertThat(loss("Dr_GRPO")).isEqualTo(GrpoLoss.LossType.DR_GRPO);
        assertThat(loss("posttrain.losses.dapo")).isEqualTo(GrpoLoss.LossType.DAPO);
        assertThat(run.execute("r1-zero", "--loss", "posttrain.losses.dopa")).isEqualTo(2);
        assertThat(run.err()).contains("Did you mean posttrain.losses.dapo");
        CommandRun other = new CommandRun();
        assertThat(other.execute("r1-zero", "--loss", "dopa")).isEqualTo(2);
        assertThat(other.err()).contains("expected one of [GRPO, BNPO, DR_GRPO, DAPO");
        CommandRun wrong = new CommandRun();
        assertThat(wrong.execute("r1-zero", "--loss", "nn.Linear")).isEqualTo(2);
        assertThat(wrong.err()).contains("LossType was expected; got 'nn.Linear'");
        CommandRun help = new CommandRun();
        assertThat(help.execute("r1-zero", "--help")).isZero();
        assertThat(help.out()).contains("GRPO, BNPO, DR_GRPO");
    }

    private static Object loss(String name) {
        var parsed = Main.commandLine().parseArgs("r1-zero", "--loss", name).subcommand();
        return parsed.matchedOption("--loss").getValue();
    }
}
