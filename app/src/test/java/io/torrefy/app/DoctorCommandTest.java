package io.torrefy.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorCommandTest {
    @TempDir
    Path folder;

    private final CommandRun run = new CommandRun();

    @Test
    void aWorkingMachineIsExitCodeZero() throws IOException {
        assertThat(run.execute("doctor", "--model", TinyModel.save(folder).toString(), "--json"))
                .as(run.out())
                .isZero();
        JsonNode json = TinyModel.json(run);
        assertThat(json.path("ok").asBoolean()).isTrue();
        assertThat(json.path("cores").asInt()).isEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(json.path("sgemm_gflops").asDouble()).isPositive();
        assertThat(json.path("findings")).hasSizeGreaterThan(8);
    }

    @Test
    void aMissingModelIsWrongAndSaysWhatToDo() throws IOException {
        assertThat(run.execute("doctor", "--model", folder.resolve("none").toString(), "--json"))
                .isOne();
        assertThat(run.out()).contains("WRONG", "./torrefy pretrain");
        assertThat(TinyModel.json(run).path("ok").asBoolean()).isFalse();
    }

    @Test
    void javaMustBeNewEnough() {
        for (String old : new String[] {"17.0.9", "25", "25.0.2+10", "25.0.2.1"}) {
            assertThat(DoctorCommand.java(Runtime.Version.parse(old), "x").status())
                    .as(old)
                    .isEqualTo(DoctorCommand.Status.WRONG);
        }
        for (String fine : new String[] {"25.0.3", "25.0.3+9-LTS", "25.0.10", "26-ea", "27.0.1"}) {
            assertThat(DoctorCommand.java(Runtime.Version.parse(fine), "x").status())
                    .as(fine)
                    .isEqualTo(DoctorCommand.Status.OK);
        }
    }

    @Test
    void whatIsShortIsAWarningWithAHint() {
        for (DoctorCommand.Finding finding : new DoctorCommand.Finding[] {
            DoctorCommand.vector("SSE, 4 floats", "amd64"),
            DoctorCommand.vector("none, scalar kernels", "amd64"),
            DoctorCommand.threads(2, 3),
            DoctorCommand.memory(1L << 30, 1L << 28),
            DoctorCommand.nativeAccess(false),
        }) {
            assertThat(finding.status()).as(finding.name()).isEqualTo(DoctorCommand.Status.WARNING);
            assertThat(finding.hint()).isNotEmpty();
        }
        assertThat(DoctorCommand.vector("NEON, 4 floats", "aarch64").status()).isEqualTo(DoctorCommand.Status.OK);
        assertThat(DoctorCommand.threads(2, 2).status()).isEqualTo(DoctorCommand.Status.OK);
        assertThat(DoctorCommand.memory(0, 1L << 28).status()).isEqualTo(DoctorCommand.Status.OK);
        assertThat(DoctorCommand.disk(folder.resolve("none")).status()).isEqualTo(DoctorCommand.Status.WRONG);
    }
}
