package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class VectorUnitTest {
    @Test
    void namesTheInstructionSetsOfTheirWidths() {
        assertThat(VectorUnit.name("amd64", 512)).isEqualTo("AVX-512");
        assertThat(VectorUnit.name("x86_64", 256)).isEqualTo("AVX2");
        assertThat(VectorUnit.name("amd64", 128)).isEqualTo("SSE");
        assertThat(VectorUnit.name("aarch64", 128)).isEqualTo("NEON");
        assertThat(VectorUnit.name("aarch64", 256)).isEqualTo("SVE");
        assertThat(VectorUnit.name("riscv64", 256)).isEqualTo("256 bits");
    }

    /// The operating system's word against ours.
    @Test
    void isNoWiderThanTheProcessor() throws IOException {
        Path cpu = Path.of("/proc/cpuinfo");
        Assumptions.assumeTrue(Files.exists(cpu));
        String flags = Files.readString(cpu);
        if (Threads.vectorUnit().startsWith("AVX-512")) {
            assertThat(flags).contains("avx512f");
        }
        if (Threads.vectorUnit().startsWith("AVX2")) {
            assertThat(flags).contains("avx2");
        }
        assertThat(Threads.vectorUnit()).containsAnyOf("floats", "scalar");
    }

    /// A build that tests a width says how many lanes it means (0: scalar kernels); a processor with fewer runs its
    /// own.
    @Test
    void isAsWideAsTheBuildMeans() throws IOException {
        Integer lanes = Integer.getInteger("torrefy.test.lanes");
        Assumptions.assumeTrue(lanes != null, "the width of this machine");
        if (lanes == 0) {
            assertThat(Mem.VECTOR).isFalse();
            assertThat(Threads.vectorUnit()).contains("scalar");
            return;
        }
        assertThat(Mem.VECTOR).isTrue();
        assertThat(FloatVector.SPECIES_PREFERRED.length()).isEqualTo(Math.min(lanes, lanesOfTheProcessor()));
        assertThat(Mem.FS).isSameAs(FloatVector.SPECIES_PREFERRED);
        assertThat(Mem.IS.vectorShape()).isSameAs(Mem.FS.vectorShape());
        assertThat(Mem.DS.vectorShape()).isSameAs(Mem.FS.vectorShape());
    }

    /// From the operating system; where it does not say, any width will do.
    private static int lanesOfTheProcessor() throws IOException {
        Path cpu = Path.of("/proc/cpuinfo");
        String flags = Files.exists(cpu) ? Files.readString(cpu) : "";
        if (flags.contains("avx512f")) {
            return 16;
        }
        return flags.contains("avx2") ? 8 : FloatVector.SPECIES_PREFERRED.length();
    }
}
