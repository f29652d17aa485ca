package io.torrefy.posttrain.rewards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.torrefy.posttrain.Attempt;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Score;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class HttpRewardTest {
    /// What the server does with request number `n`, from 1.
    @FunctionalInterface
    private interface Behaviour {
        void answer(HttpExchange exchange, int n) throws IOException, InterruptedException;
    }

    private final List<JsonNode> requests = Collections.synchronizedList(new ArrayList<>());
    private final ExecutorService pool = Executors.newCachedThreadPool();
    private HttpServer server;
    private volatile Behaviour behaviour = HttpRewardTest::lengths;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(pool);
        server.createContext("/score", exchange -> {
            try (exchange) {
                JsonNode request = new ObjectMapper().readTree(exchange.getRequestBody());
                exchange.setAttribute("request", request);
                requests.add(request);
                behaviour.answer(exchange, requests.size());
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        pool.shutdownNow();
    }

    private static void send(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    static void lengths(HttpExchange exchange, int n) throws IOException {
        List<String> rewards = new ArrayList<>();
        JsonNode request = (JsonNode) exchange.getAttribute("request");
        request.path("completions")
                .forEach(text -> rewards.add(
                        text.asText().isEmpty() ? "null" : "" + text.asText().length()));
        send(exchange, 200, "{\"rewards\": [" + String.join(", ", rewards) + "], \"extra_logs\": {}}");
    }

    private HttpReward reward(int batch, double seconds, int retries) {
        return HttpReward.of(url(), batch, seconds, retries, 1);
    }

    private String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/score";
    }

    private static List<Attempt> attempts(String... completions) {
        List<Attempt> attempts = new ArrayList<>();
        for (String completion : completions) {
            attempts.add(new Attempt(new Problem("p", "Q: ", "42"), completion, new int[1], false));
        }
        return attempts;
    }

    @Test
    void sendsBatches() {
        List<Score> scores = reward(2, 30, 0).scoreAll(attempts("a", "bb", "ccc"));
        assertThat(scores.stream().mapToDouble(Score::value).toArray()).containsExactly(1, 2, 3);
        assertThat(requests).hasSize(2);
        assertThat(requests.getFirst().toString())
                .isEqualTo(
                        "{\"query\":[\"Q: a\",\"Q: bb\"],\"prompts\":[\"Q: \",\"Q: \"],\"completions\":[\"a\",\"bb\"],"
                                + "\"labels\":[\"42\",\"42\"]}");
        assertThat(reward(2, 30, 0).score(new Problem("p", "Q", 7L), "abcd")).isEqualTo(4);
        assertThat(requests.getLast().path("labels").path(0).isNull()).isTrue();
    }

    @Test
    void readsAListAlone() {
        behaviour = (exchange, _) -> send(exchange, 200, "[0.5, -1]");
        assertThat(reward(8, 30, 0).scoreAll(attempts("a", "b")).stream()
                        .mapToDouble(Score::value)
                        .toArray())
                .containsExactly(0.5, -1);
    }

    @Test
    void oneWithoutAScoreFailsAlone() {
        List<Score> scores = reward(8, 30, 0).scoreAll(attempts("a", "", "ccc"));
        assertThat(scores.get(0).value()).isEqualTo(1);
        assertThat(scores.get(1).isFailure()).isTrue();
        assertThat(scores.get(1).failure()).hasMessageContaining("null");
        assertThat(scores.get(2).value()).isEqualTo(3);
    }

    @Test
    void triesAgain() {
        behaviour = (exchange, n) -> {
            if (n == 1) {
                send(exchange, 503, "busy");
            } else if (n == 2) {
                exchange.getResponseHeaders().set("Retry-After", "0");
                send(exchange, 429, "slow down");
            } else {
                lengths(exchange, n);
            }
        };
        assertThat(reward(8, 30, 2).scoreAll(attempts("abc")).getFirst().value())
                .isEqualTo(3);
        assertThat(requests).hasSize(3);
    }

    @Test
    void givesUpAndSaysWhy() {
        behaviour = (exchange, _) -> send(exchange, 500, "out of memory");
        List<Score> scores = reward(2, 30, 2).scoreAll(attempts("a", "b", "c"));
        assertThat(scores).hasSize(3).allMatch(Score::isFailure);
        assertThat(scores.getFirst().failure())
                .hasMessageContaining(url())
                .hasMessageContaining("status 500: out of memory")
                .hasMessageContaining("tried 3 times")
                .hasMessageContaining("Hint");
        assertThat(requests).hasSize(6);
    }

    @Test
    void doesNotRepeatWhatIsWrong() {
        behaviour = (exchange, _) -> send(exchange, 404, "no such page");
        assertFails("status 404: no such page");
        behaviour = (exchange, _) -> send(exchange, 200, "<html>");
        assertFails("no JSON: <html>");
        behaviour = (exchange, _) -> send(exchange, 200, "{\"rewards\": [1, 2]}");
        assertFails("2 rewards for 1 completions");
        behaviour = (exchange, _) -> send(exchange, 200, "{\"scores\": [1]}");
        assertFails("no rewards");
        behaviour = (exchange, _) -> {
            exchange.getResponseHeaders().set("Location", "/elsewhere");
            send(exchange, 302, "");
        };
        assertFails("status 302");
    }

    private void assertFails(String message) {
        requests.clear();
        Score score = reward(8, 30, 3).scoreAll(attempts("a")).getFirst();
        assertThat(score.isFailure()).isTrue();
        assertThat(score.failure()).hasMessageContaining(message);
        assertThat(requests).hasSize(1);
    }

    /// A server that never answers, one that stops within its answer, and one that is not there.
    @Test
    void doesNotWaitForEver() {
        behaviour = (_, _) -> Thread.sleep(600_000);
        assertThat(reward(8, 0.2, 1).scoreAll(attempts("a")).getFirst().failure())
                .hasMessageContaining("no answer within 200 ms");
        behaviour = (exchange, _) -> {
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            Thread.sleep(600_000);
        };
        assertThat(reward(8, 0.2, 0).scoreAll(attempts("a")).getFirst().failure())
                .hasMessageContaining("no answer within 200 ms");
        HttpReward reward = reward(8, 5, 1);
        server.stop(0);
        assertThat(reward.scoreAll(attempts("a")).getFirst().failure()).hasMessageContaining("tried 2 times");
    }

    @Test
    void refusesWhatIsNoUrl() {
        for (String url : List.of("", "file:///etc/passwd", "http://", "not a url", "localhost:80")) {
            assertThatThrownBy(() -> HttpReward.of(url, 1, 1, 0, 0))
                    .as(url)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("[reward http] expected a URL");
        }
        assertThatThrownBy(() -> HttpReward.of("http://a/b", 0, 1, 0, 0)).hasMessageContaining("batch >= 1");
    }
}
