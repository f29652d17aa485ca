package io.torrefy.posttrain.rewards;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.torrefy.export.Export;
import io.torrefy.posttrain.Attempt;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Reward;
import io.torrefy.posttrain.Score;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// A reward that a server gives, in batches of JSON. The request is a POST of
///
/// ```
/// {"query": [prompt + completion], "prompts": […], "completions": […], "labels": [reference or null]}
/// ```
///
/// which OpenRLHF's remote reward models read, and the answer `{"rewards": [1.0, null, …]}`, or the list alone: one
/// number a completion, null where the server has none.
///
/// A timeout, a broken connection and the statuses 408, 429 and 5xx are tried again, after a wait that doubles each
/// time, or the `Retry-After` of the answer, up to a minute. What fails in the end, and every other status and answer
/// at once, is a failure of all completions of the batch. Redirects are not followed.
@Export(value = "posttrain.rewards.HttpReward", since = "0.1")
public final class HttpReward implements Reward {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long LONGEST_WAIT_MS = 60_000;
    private static final int LONGEST_ANSWER = 64 << 20;
    private static final int SHOWN = 200;

    private final URI url;
    private final int batch;
    private final Duration timeout;
    private final int retries;
    private final long backOff;
    private final HttpClient client;

    private HttpReward(URI url, int batch, Duration timeout, int retries, long backOff) {
        this.url = url;
        this.batch = batch;
        this.timeout = timeout;
        this.retries = retries;
        this.backOff = backOff;
        this.client = HttpClient.newBuilder()
                .connectTimeout(timeout)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();
    }

    /// Asks a server for scores.
    ///
    /// @param url `http:` or `https:`
    /// @param batch completions a request
    /// @param seconds for a request, its answer included
    /// @param retries after the first try
    /// @param backOff milliseconds before the first retry
    /// @throws IllegalArgumentException if the address is no such URL, or a number is out of range
    @Export(
            value = "posttrain.rewards.http",
            since = "0.1",
            params = {"url", "batch=64", "seconds=60", "retries=5", "backOff=500"})
    public static HttpReward of(String url, int batch, double seconds, int retries, int backOff) {
        URI uri;
        try {
            uri = URI.create(url);
        } catch (IllegalArgumentException e) {
            throw badUrl(url, e);
        }
        String scheme = Optional.ofNullable(uri.getScheme()).orElse("");
        if (!(scheme.equals("http") || scheme.equals("https")) || uri.getHost() == null) {
            throw badUrl(url, null);
        }
        if (batch < 1 || !(seconds > 0 && seconds < 1e6) || retries < 0 || backOff < 0) {
            throw new IllegalArgumentException("[reward http] expected batch >= 1, seconds > 0, retries >= 0 and"
                    + " backOff >= 0; got " + batch + ", " + seconds + ", " + retries + " and " + backOff);
        }
        return new HttpReward(uri, batch, Duration.ofNanos((long) (seconds * 1e9)), retries, backOff);
    }

    private static IllegalArgumentException badUrl(String url, @Nullable Exception cause) {
        return new IllegalArgumentException(
                "[reward http] expected a URL such as http://127.0.0.1:5000/score; got '" + url + "'", cause);
    }

    @Override
    public double score(Problem problem, String completion) {
        Score score = scoreAll(List.of(new Attempt(problem, completion, new int[0], false)))
                .getFirst();
        if (score.isFailure()) {
            throw new IllegalStateException(String.valueOf(score.failure()), score.failure());
        }
        return score.value();
    }

    @Override
    public List<Score> scoreAll(List<Attempt> attempts) {
        List<Score> scores = new ArrayList<>();
        for (int from = 0; from < attempts.size(); from += batch) {
            List<Attempt> part = attempts.subList(from, Math.min(attempts.size(), from + batch));
            try {
                scores.addAll(read(send(body(part)), part.size()));
            } catch (IOException e) {
                part.forEach(_ -> scores.add(Score.failed(e)));
            }
        }
        return scores;
    }

    private static byte[] body(List<Attempt> attempts) throws JsonProcessingException {
        List<String> queries = new ArrayList<>();
        List<String> prompts = new ArrayList<>();
        List<String> completions = new ArrayList<>();
        List<@Nullable String> labels = new ArrayList<>();
        for (Attempt attempt : attempts) {
            Problem problem = attempt.problem();
            queries.add(problem.prompt() + attempt.completion());
            prompts.add(problem.prompt());
            completions.add(attempt.completion());
            labels.add(problem.hasReference() ? problem.reference() : null);
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("query", queries);
        json.put("prompts", prompts);
        json.put("completions", completions);
        json.put("labels", labels);
        return JSON.writeValueAsBytes(json);
    }

    /// The text of an answer with status 200.
    private String send(byte[] body) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(url)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
        long wait = backOff;
        for (int left = retries; ; left--) {
            Answer answer = once(request);
            if (answer.status == 200) {
                return answer.text;
            }
            boolean again = answer.status == 0 || answer.status == 408 || answer.status == 429 || answer.status >= 500;
            String failure = answer.status == 0 ? answer.text : "status " + answer.status + ": " + shown(answer.text);
            if (!again || left == 0) {
                throw new FinalAnswer(what(failure, retries - left + 1));
            }
            sleep(Math.min(LONGEST_WAIT_MS, Math.max(wait, answer.waitMs)));
            wait = Math.min(LONGEST_WAIT_MS, 2 * wait);
        }
    }

    /// @param status 0 where there was no answer, and `text` says why
    /// @param waitMs what the server asks to wait
    private record Answer(int status, String text, long waitMs) {}

    /// One try. The client's own timeout ends with the answer's head; this one holds for its body too.
    private Answer once(HttpRequest request) {
        CompletableFuture<HttpResponse<String>> sent =
                client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofString(), LONGEST_ANSWER));
        try {
            HttpResponse<String> response = sent.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            return new Answer(response.statusCode(), response.body(), retryAfter(response));
        } catch (TimeoutException _) {
            sent.cancel(true);
            return new Answer(0, "no answer within " + timeout.toMillis() + " ms", 0);
        } catch (ExecutionException e) {
            return new Answer(0, String.valueOf(e.getCause()), 0);
        } catch (InterruptedException e) {
            sent.cancel(true);
            throw interrupted(e);
        }
    }

    /// A failure that no retry would mend.
    private static final class FinalAnswer extends IOException {
        private static final long serialVersionUID = 1;

        FinalAnswer(String message) {
            super(message);
        }

        @Override
        public String toString() {
            return String.valueOf(getMessage());
        }
    }

    private String what(String failure, int tries) {
        return "expected scores from " + url + "; got " + failure + (tries > 1 ? " (tried " + tries + " times)" : "")
                + ". Hint: see that the server runs and answers {\"rewards\": [...]}; seconds and retries may be raised";
    }

    private static long retryAfter(HttpResponse<?> response) {
        try {
            return response.headers()
                    .firstValue("Retry-After")
                    .map(text -> 1000 * Math.clamp(Long.parseLong(text.strip()), 0L, LONGEST_WAIT_MS / 1000))
                    .orElse(0L);
        } catch (NumberFormatException _) {
            return 0; // A date: the doubling wait will do.
        }
    }

    private static void sleep(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException("[reward http] expected to wait for an answer; was interrupted", e);
    }

    private List<Score> read(String answer, int expected) throws IOException {
        JsonNode json;
        try {
            json = JSON.readTree(answer);
        } catch (JsonProcessingException _) {
            throw new FinalAnswer(what("no JSON: " + shown(answer), 1));
        }
        JsonNode rewards = json.isArray() ? json : json.path("rewards");
        if (!rewards.isArray() || rewards.size() != expected) {
            throw new FinalAnswer(what(
                    (rewards.isArray() ? rewards.size() + " rewards for " + expected + " completions" : "no rewards")
                            + ": " + shown(answer),
                    1));
        }
        List<Score> scores = new ArrayList<>();
        for (JsonNode reward : rewards) {
            scores.add(
                    reward.isNumber()
                            ? Score.of(reward.asDouble())
                            : Score.failed(new IOException("the server gave " + shown(reward.toString()))));
        }
        return scores;
    }

    private static String shown(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "…";
    }
}
