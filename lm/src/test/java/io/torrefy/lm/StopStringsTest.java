package io.torrefy.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopStringsTest {
    @Test
    void holdsBackWhatMayBecomeAStop() {
        var scanner = StopStrings.of(List.of("</answer>", "\n\n")).scanner();
        assertThat(scanner.accept("7 * 6<")).isEqualTo("7 * 6");
        assertThat(scanner.accept("/ans")).isEmpty();
        assertThat(scanner.accept("x\n")).isEqualTo("</ansx");
        assertThat(scanner.accept("42</answer")).isEqualTo("\n42");
        assertThat(scanner.stopped()).isFalse();
        assertThat(scanner.accept("> and more")).isEmpty();
        assertThat(scanner.matched()).hasValue("</answer>");
        assertThat(scanner.accept("dropped")).isEmpty();
        assertThat(scanner.finish()).isEmpty();
    }

    @Test
    void givesOutTheRestAtTheEnd() {
        var scanner = StopStrings.of(List.of("stop")).scanner();
        assertThat(scanner.accept("non-sto")).isEqualTo("non-");
        assertThat(scanner.finish()).isEqualTo("sto");
        assertThat(scanner.stopped()).isFalse();
        assertThat(StopStrings.of(List.of()).scanner().accept("all")).isEqualTo("all");
        assertThatThrownBy(() -> StopStrings.of(List.of("a", ""))).isInstanceOf(TokenizerException.class);
    }

    /// Against a search through the whole text after every piece.
    @Test
    void agreesWithASearchThroughTheWholeText() {
        var random = new Random(11);
        int stopped = 0;
        for (int round = 0; round < 3000; round++) {
            List<String> stops = new ArrayList<>();
            for (int i = random.nextInt(4); i >= 0; i--) {
                stops.add(word(random, 1 + random.nextInt(5)));
            }
            var scanner = StopStrings.of(stops).scanner();
            var text = new StringBuilder();
            var given = new StringBuilder();
            for (int piece = 0; piece < 6 && !scanner.stopped(); piece++) {
                String next = word(random, random.nextInt(4));
                text.append(next);
                given.append(scanner.accept(next));
                String expected = before(text.toString(), stops);
                assertThat(given.toString()).as("%s in %s", stops, text).isEqualTo(expected);
            }
            stopped += scanner.stopped() ? 1 : 0;
            if (!scanner.stopped()) {
                assertThat(given + scanner.finish()).isEqualTo(text.toString());
            }
        }
        assertThat(stopped).isBetween(500, 2900);
    }

    /// The text before the stop that is complete first, or before the longest end that may become one.
    private static String before(String text, List<String> stops) {
        for (int end = 1; end <= text.length(); end++) {
            String head = text.substring(0, end);
            var longest = stops.stream()
                    .filter(head::endsWith)
                    .mapToInt(String::length)
                    .max();
            if (longest.isPresent()) {
                return head.substring(0, end - longest.getAsInt());
            }
        }
        for (int from = 0; from < text.length(); from++) {
            String tail = text.substring(from);
            if (stops.stream().anyMatch(s -> s.startsWith(tail))) {
                return text.substring(0, from);
            }
        }
        return text;
    }

    private static String word(Random random, int length) {
        return random.ints(length, 'a', 'c')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
