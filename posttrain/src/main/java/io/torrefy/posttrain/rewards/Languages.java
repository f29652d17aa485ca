package io.torrefy.posttrain.rewards;

import java.lang.Character.UnicodeScript;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Tells the words of one language from those of others, without a model: by script, and among languages of one script
/// by their most frequent words. A word is of the target language if its letters are of the language's scripts, unless
/// it is a frequent word of another language that shares the script, and none of the target's. Of a text in a wrong
/// language with the right script only the frequent words are seen, in prose a third to a half.
///
/// A word is a run of letters, apostrophes within it; Chinese, Japanese and Thai write none apart, so each of their
/// letters counts as one. Numbers, formulas between dollar signs, LaTeX commands and tags are of no language; nor are
/// single Latin letters, which are variables more often than words.
record Languages(Set<UnicodeScript> scripts, Set<String> own, Set<String> foreign) {
    private static final Pattern NO_WORDS = Pattern.compile(
            "\\$\\$.*?\\$\\$|\\$[^$\\n]*\\$|\\\\\\(.*?\\\\\\)|\\\\\\[.*?\\\\]|\\\\[a-zA-Z]+|</?[a-z]+>",
            Pattern.DOTALL);
    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{M}]+(?:['’][\\p{L}\\p{M}]+)*");
    private static final Set<UnicodeScript> UNSPACED =
            EnumSet.of(UnicodeScript.HAN, UnicodeScript.HIRAGANA, UnicodeScript.KATAKANA, UnicodeScript.THAI);

    private static final Map<String, Set<UnicodeScript>> SCRIPTS = Map.ofEntries(
            Map.entry("zh", EnumSet.of(UnicodeScript.HAN)),
            Map.entry("ja", EnumSet.of(UnicodeScript.HAN, UnicodeScript.HIRAGANA, UnicodeScript.KATAKANA)),
            Map.entry("ko", EnumSet.of(UnicodeScript.HANGUL)),
            Map.entry("ru", EnumSet.of(UnicodeScript.CYRILLIC)),
            Map.entry("uk", EnumSet.of(UnicodeScript.CYRILLIC)),
            Map.entry("bg", EnumSet.of(UnicodeScript.CYRILLIC)),
            Map.entry("el", EnumSet.of(UnicodeScript.GREEK)),
            Map.entry("ar", EnumSet.of(UnicodeScript.ARABIC)),
            Map.entry("fa", EnumSet.of(UnicodeScript.ARABIC)),
            Map.entry("he", EnumSet.of(UnicodeScript.HEBREW)),
            Map.entry("hi", EnumSet.of(UnicodeScript.DEVANAGARI)),
            Map.entry("th", EnumSet.of(UnicodeScript.THAI)));

    /// Frequent words of the languages in Latin script that are told apart.
    private static final Map<String, Set<String>> FREQUENT = Map.of(
            "en",
                    words("the of and to in is that it for was on are as with be at this have from or had by not but"
                            + " what all were we when there can an your which their if do will how so then let me he"
                            + " his they you i a would could should one more no"),
            "de",
                    words("der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an"
                            + " werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so"
                            + " zum war haben nur oder aber vor zur bis mehr durch man wir ich also dann wenn"),
            "fr",
                    words("de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il"
                            + " sont avec on mais elle nous vous je donc si comme ou cette ces être aux leur d'une"
                            + " alors aussi"),
            "es",
                    words("de la que el en y a los se del las un por con no una su para es al lo como más o pero sus"
                            + " le ha me si sin sobre este ya entre cuando todo esta ser son dos también fue había"
                            + " entonces porque"),
            "it",
                    words("di e il la che in un a per è una sono mi ho non ma lo ha le si ti i con cosa se io come da"
                            + " ci no questo qui sei del bene tu sì della anche gli nel dei più quindi allora"),
            "pt",
                    words("de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele"
                            + " das tem à seu sua ou ser quando muito há nos já está eu também só então portanto"));

    static Languages of(String language) {
        String code = language.strip().toLowerCase(Locale.ROOT);
        if (FREQUENT.containsKey(code)) {
            Map<String, Set<String>> others = new HashMap<>(FREQUENT);
            Set<String> own = Objects.requireNonNull(others.remove(code));
            var foreign = new HashSet<String>();
            others.values().forEach(foreign::addAll);
            foreign.removeAll(own);
            return new Languages(EnumSet.of(UnicodeScript.LATIN), own, Set.copyOf(foreign));
        }
        if (SCRIPTS.containsKey(code)) {
            return new Languages(SCRIPTS.get(code), Set.of(), Set.of());
        }
        try {
            return new Languages(EnumSet.of(UnicodeScript.forName(code)), Set.of(), Set.of());
        } catch (IllegalArgumentException e) {
            List<String> known = Stream.concat(FREQUENT.keySet().stream(), SCRIPTS.keySet().stream())
                    .sorted()
                    .toList();
            throw new IllegalArgumentException(
                    "[reward language_consistency] expected one of " + known + ", or the name of a script; got '"
                            + language + "'",
                    e);
        }
    }

    private static Set<String> words(String text) {
        return Set.copyOf(Arrays.asList(text.split(" ")));
    }

    /// The share of a text's words that are of the language; 0 where there are no words.
    double share(String text) {
        long all = 0;
        long right = 0;
        Matcher words = WORD.matcher(NO_WORDS.matcher(text).replaceAll(" "));
        while (words.find()) {
            String word = words.group();
            int[] unspaced = word.codePoints()
                    .filter(c -> UNSPACED.contains(UnicodeScript.of(c)))
                    .toArray();
            all += unspaced.length;
            right += Arrays.stream(unspaced)
                    .filter(c -> scripts.contains(UnicodeScript.of(c)))
                    .count();
            int[] letters = word.codePoints()
                    .filter(c -> Character.isLetter(c) && !UNSPACED.contains(UnicodeScript.of(c)))
                    .toArray();
            boolean variable = letters.length == 1 && UnicodeScript.of(letters[0]) == UnicodeScript.LATIN;
            if (letters.length > 0 && !variable) {
                all++;
                right += isOwn(word, letters) ? 1 : 0;
            }
        }
        return all == 0 ? 0 : (double) right / all;
    }

    private boolean isOwn(String word, int[] letters) {
        for (int letter : letters) {
            if (!scripts.contains(UnicodeScript.of(letter))) {
                return false;
            }
        }
        return !foreign.contains(word.toLowerCase(Locale.ROOT));
    }
}
