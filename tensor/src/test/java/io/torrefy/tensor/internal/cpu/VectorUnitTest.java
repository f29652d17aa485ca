package io.torrefy.tensor.internal.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.torrefy.tensor.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
