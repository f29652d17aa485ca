package io.torrefy.posttrain.rewards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.torrefy.posttrain.Attempt;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Score;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class CodeRewardTest {
    private static final Problem SUM = new Problem(
            "sum", "Add two numbers.", "{\"inputs\": [\"1 2\\n\", \"3 4\\n\"], \"outputs\": [\"3\\n\", \"7\"]}");
    private static final Problem ASSERTED = new Problem("f", "Write f.", "{\"test\": \"assert f(1) == 2\"}");

    private static final String JAVA = """
            import java.util.Scanner;

            class Sum {
                public static void main(String[] args) {
                    var in = new Scanner(System.in);
                    System.out.println(in.nextInt() + in.nextInt());
                }
            }
            """;

    private static String block(String code) {
        return "So:\n```\n" + code + "\n```\n";
    }

    @Test
    void runsJava() {
        CodeReward reward = CodeReward.of("java", 20, 256, false);
        assertThat(reward.score(SUM, "<think>```\nno\n```</think>" + block(JAVA)))
                .isEqualTo(1);
        assertThat(reward.score(SUM, block(JAVA.replace(" + in", " - in")))).isZero();
        assertThat(reward.score(SUM, block("class Sum {"))).isZero();
        assertThat(reward.score(SUM, "no code")).isZero();
        assertThat(reward.isolation()).isNotBlank();
    }

    @Test
    void aJavaProgramThatTakesTooMuchScoresNothing() {
        CodeReward reward = CodeReward.of("java", 3, 64, false);
        String memory = JAVA.replace("var in", "var much = new long[1 << 28]; var in");
        assertThat(reward.score(SUM, block(memory))).isZero();
        assertThat(reward.score(SUM, block(JAVA.replace("var in", "while (args.length == 0) {} var in"))))
                .isZero();
    }

    @Test
    void runsAnInterpreter() {
        CodeReward all = CodeReward.of("sh", 5, 512, false);
        CodeReward partial = CodeReward.of("sh", 5, 512, true);
        String sum = "read a b; echo $((a + b))";
        assertThat(all.score(SUM, block(sum))).isEqualTo(1);
        assertThat(all.score(SUM, block(sum) + block("echo 3"))).isZero();
        assertThat(partial.score(SUM, block("echo 3"))).isEqualTo(0.5);
        assertThat(all.score(SUM, block(sum + "; exit 1"))).isZero();
        Problem list = new Problem("list", "", "[{\"input\": \"1 2\", \"output\": \"3\"}]");
        assertThat(all.score(list, block(sum))).isEqualTo(1);
    }

    @Test
    void appendsTests() {
        assumeTrue(Sandbox.find("python3").isPresent(), "python3");
        CodeReward reward = CodeReward.of("python3 -I", 5, 1024, false);
        assertThat(reward.score(ASSERTED, block("def f(x):\n    return x + 1"))).isEqualTo(1);
        assertThat(reward.score(ASSERTED, block("def f(x):\n    return x"))).isZero();
        assertThat(reward.score(ASSERTED, block("import sys\nsys.exit(0)"))).isZero();
        assertThat(reward.score(ASSERTED, block("import os\nos._exit(0)"))).isZero();
    }

    @Test
    void scoresManyAtATime() {
        CodeReward reward = CodeReward.of("sh", 5, 512, false);
        Problem bad = new Problem("bad", "", "no JSON");
        List<Score> scores = reward.scoreAll(List.of(
                new Attempt(SUM, block("read a b; echo $((a + b))"), new int[1], false),
                new Attempt(SUM, block("echo 3"), new int[1], false),
                new Attempt(bad, block("echo 3"), new int[1], false)));
        assertThat(scores.get(0).value()).isEqualTo(1);
        assertThat(scores.get(1).value()).isZero();
        assertThat(scores.get(2).isFailure()).isTrue();
        assertThat(scores.get(2).failure())
                .hasMessageContaining("in problem bad")
                .hasMessageContaining("no JSON");
    }

    @Test
    void saysWhatItNeeds() {
        assertThatThrownBy(() -> CodeReward.of("no-such-interpreter", 5, 512, false))
                .hasMessageContaining("[reward code] expected java or an interpreter");
        CodeReward java = CodeReward.of("java", 5, 256, false);
        assertThatThrownBy(() -> java.score(ASSERTED, block(JAVA))).hasMessageContaining("a Java file cannot take");
        Problem uneven = new Problem("uneven", "", "{\"inputs\": [\"1\"], \"outputs\": []}");
        assertThatThrownBy(() -> java.score(uneven, block(JAVA))).hasMessageContaining("no tests in problem uneven");
    }

    @Test
    void findsTheLastBlock() {
        assertThat(CodeReward.program("```python\na\n```\ntext\n```\nb\n```")).contains("b\n");
        assertThat(CodeReward.program("```java\na\n``` and ```\nunfinished")).contains("a\n");
        assertThat(CodeReward.program("<think>```\na\n```")).isEmpty();
        assertThat(CodeReward.program("```\n\n```")).isEmpty();
        assertThat(CodeReward.program("a")).isEmpty();
    }
}
