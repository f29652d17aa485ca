package io.torrefy.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportRegistryTest {
    private static final String COUNTER = """
            /// Counts.
            @Export(value = "count.Counter", since = "0.1", members = "count",
                    deprecated = @Alias(name = "old.Counter", since = "0.1", remove = "9.0"))
            public class Counter extends Base implements Comparable<Counter> {
                static { System.setProperty("demo.counter", "initialised"); }
                private final int at;
                /// At a number.
                @Export(value = "count.counter", since = "0.1")
                public Counter(int at) { this.at = at; }
                /// From 0.
                public static Counter of() { return new Counter(0); }
                /// From 0.
                public static Counter zero() { return new Counter(0); }
                /// Of text.
                public static Counter of(String text) { return new Counter(Integer.parseInt(text)); }
                /// The number.
                public int number() { return at; }
                /// Some other.
                public Counter plus(int n) { return new Counter(at + n); }
                /// How far apart.
                public enum Step { ONE, TWO }
                /// From parts.
                @Export(value = "count.between", since = "0.1", params = {"low", "high", "step=one", "exact=true"})
                public static Counter between(int low, double high, Step step, boolean exact) {
                    return new Counter(low * 1000 + (int) (high * 100) + step.ordinal() * 10 + (exact ? 1 : 0));
                }
                /// Ten.
                public static final Counter TEN = new Counter(10);
                /// Not its kind.
                public static String text() { throw new AssertionError("must not run"); }
                @Override public int compareTo(Counter other) { return at - other.at; }
            }
            """;
    private static final String BASE = """
            abstract class Base {
                /// Inherited.
                public final String inherited(String text) { return text + "!"; }
                /// Inherited too.
                public long twice(long n) { return 2 * n; }
            }
            """;

    @TempDir
    static Path folder;

    private static URLClassLoader loader;
    private static ExportIndex index;
    private static final List<String> WARNINGS = new ArrayList<>();
    private static ExportRegistry registry;

    @BeforeAll
    static void compile() throws IOException {
        Compilation.Result result = Compilation.of(folder)
                .type("Counter", COUNTER)
                .type("Base", BASE.replace("final ", ""))
                .run();
        assertThat(result.errors()).isEmpty();
        index = ExportIndex.parse(result.index(), "demo");
        loader = new URLClassLoader(
                new URL[] {result.classes().toUri().toURL()}, ExportRegistryTest.class.getClassLoader());
        registry = ExportRegistry.of(Map.of(index, ExportRegistryTest::load), WARNINGS::add);
    }

    private static Class<?> load(String name) throws ClassNotFoundException {
        return Class.forName(name, false, loader);
    }

    @AfterAll
    static void close() throws IOException {
        loader.close();
    }

    @Test
    void namesAreFoundAndCalled() throws Throwable {
        assertThat(registry.names()).contains("count.Counter", "count.counter", "count.of", "count.ten");
        Object three = registry.handle(registry.find("count.counter")).invoke(3);
        Object five = registry.handle(registry.find("count.plus")).invoke(three, 2);
        assertThat((Object) registry.handle(registry.find("count.number")).invoke(five))
                .isEqualTo(5);
        assertThat((Object) registry.handle(registry.find("count.twice")).invoke(five, 21L))
                .isEqualTo(42L);
        assertThat((Object) registry.handle(registry.find("count.inherited")).invoke(five, "a"))
                .isEqualTo("a!");
        Object ten = registry.handle(registry.find("count.ten")).invoke();
        assertThat((Object) registry.handle(registry.find("count.number")).invoke(ten))
                .isEqualTo(10);
        assertThat(registry.handle(registry.find("count.plus")))
                .as("made once")
                .isSameAs(registry.handle(registry.find("count.plus")));
    }

    @Test
    void overloadsAreToldApartByTheirParameters() throws Throwable {
        assertThat(registry.overloads("count.of")).hasSize(2);
        assertThatThrownBy(() -> registry.find("count.of"))
                .isInstanceOf(ExportException.class)
                .hasMessageContaining(
                        "2 overloads share: static Counter.of() -> Counter; static Counter.of(String text)");
        Object seven =
                registry.handle(registry.find("count.of", List.of("text"))).invoke("7");
        assertThat((Object) registry.handle(registry.find("count.number")).invoke(seven))
                .isEqualTo(7);
        assertThatThrownBy(() -> registry.find("count.of", List.of("number")))
                .isInstanceOf(ExportException.class)
                .hasMessageContaining("got [number], which 0 have");
    }

    @Test
    void argumentsHaveNamesAndDefaults() {
        assertThat(made("count.between", Map.of("low", "2", "high", 0.25), Map.of()))
                .isEqualTo(2026);
        assertThat(made("count.between", Map.of("low", 2, "step", "Two"), Map.of("high", "0.25", "low", 9)))
                .as("given before offered before the default")
                .isEqualTo(2036);
        assertThat(made("count.between", Map.of("exact", "false"), Map.of("low", 1L, "high", 0, "more", "?")))
                .isEqualTo(1000);
        assertThat(made("count.of", Map.of("text", "7"), Map.of())).isEqualTo(7);
        assertThat(made("count.of", Map.of(), Map.of())).isZero();
        assertThat(made("count.ten", Map.of(), Map.of("text", "7"))).isEqualTo(10);
        assertThat(made("count.counter", Map.of("at", "3"), Map.of())).isEqualTo(3);
    }

    @Test
    void argumentsThatDoNotFitAreNamed() {
        assertThatThrownBy(() -> made("count.between", Map.of("low", 1, "hihg", 2), Map.of()))
                .isInstanceOf(ExportException.class)
                .hasMessageContaining("arguments of one overload of 'count.between' were expected; got {hihg=2, low=1}")
                .hasMessageContaining("has no hihg and also needs high");
        assertThatThrownBy(() -> made("count.between", Map.of("low", "1.5", "high", 2), Map.of()))
                .isInstanceOf(ExportException.class)
                .hasMessageContaining("an int was expected for 'low' of 'count.between'; got '1.5'.");
        assertThatThrownBy(() -> made("count.between", Map.of("low", 1, "high", 2, "step", "three"), Map.of()))
                .isInstanceOf(ExportException.class)
                .hasMessageContaining("for 'step' of 'count.between'; got 'three'.");
        assertThatThrownBy(() -> made("count.between", Map.of("low", 1, "high", 2, "exact", "yes"), Map.of()))
                .isInstanceOf(ExportException.class)
                .hasMessageContaining("a boolean was expected for 'exact'");
        assertThatThrownBy(() -> registry.make("count.text", Comparable.class, Map.of(), Map.of("x", 1)))
                .as("a String is Comparable, so it runs")
                .isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> registry.make("count.text", Number.class, Map.of(), Map.of()))
                .as("nothing runs that is of another type")
                .isInstanceOf(ExportException.class)
                .hasMessageContaining("a java.lang.Number was expected");
        assertThatThrownBy(() -> made("count.Counter", Map.of("at", 1), Map.of()))
                .isInstanceOf(ExportException.class)
                .hasMessageContaining("no arguments were expected for 'count.Counter'");
    }

    private static int made(String name, Map<String, ?> given, Map<String, ?> offered) {
        Object counter = registry.make(name, Comparable.class, given, offered);
        try {
            return (int) registry.handle(registry.find("count.number")).invoke(counter);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void namesAreFoundAgainFromWhatTheyStandFor() throws Exception {
        Class<?> counter = load("demo.Counter");
        assertThat(registry.canonicalName(counter)).contains("count.Counter");
        assertThat(registry.canonicalName(counter.getMethod("plus", int.class))).contains("count.plus");
        assertThat(registry.canonicalName(counter.getConstructor(int.class))).contains("count.counter");
        assertThat(registry.canonicalName(counter.getField("TEN"))).contains("count.ten");
        assertThat(registry.canonicalName(counter.getMethod("hashCode"))).isEqualTo(Optional.empty());
        assertThat(registry.canonicalName(String.class)).isEqualTo(Optional.empty());
    }

    @Test
    void aDeprecatedNameResolvesAndWarnsOnce() {
        int before = WARNINGS.size();
        assertThat(registry.find("old.Counter").name()).isEqualTo("count.Counter");
        assertThat(registry.find("old.Counter")).isSameAs(registry.find("count.Counter"));
        assertThat(WARNINGS.subList(before, WARNINGS.size()))
                .containsExactly(
                        "The name old.Counter is deprecated since 0.1 and goes with 9.0: write count.Counter.");
    }

    @Test
    void aMisspeltNameIsAnsweredWithTheNearest() {
        assertThat(registry.nearest("count.Cuonter")).startsWith("count.Counter");
        assertThat(registry.nearest("number.plus"))
                .as("only the prefix is wrong")
                .containsExactly("count.plus");
        assertThat(registry.nearest("zzzzzzzzzzzzzzzzzzzzz")).isEmpty();
        assertThatThrownBy(() -> registry.find("count.pluss"))
                .isInstanceOf(ExportException.class)
                .hasMessageContaining("got 'count.pluss'. Did you mean count.plus?");
    }

    @Test
    void onlyWhatIsExportedCanBeMade() {
        for (String name :
                List.of("java.lang.Runtime", "demo.Counter", "demo.Base", "Counter", "count.Base", "", ".", "count.")) {
            assertThatThrownBy(() -> registry.instantiate(name, Object.class))
                    .as(name)
                    .isInstanceOf(ExportException.class)
                    .hasMessageContaining("an exported name was expected");
            assertThatThrownBy(() -> registry.type(name, Object.class)).as(name).isInstanceOf(ExportException.class);
        }
    }

    @Test
    void whatIsExportedIsMadeOfItsArguments() {
        assertThat(registry.instantiate("count.Counter", Comparable.class)
                        .getClass()
                        .getName())
                .isEqualTo("demo.Counter");
        assertThat(registry.instantiate("count.Counter", Comparable.class, 4)).isNotNull();
        assertThat(registry.instantiate("old.Counter", Comparable.class, "4")).isNotNull();
        assertThat(registry.instantiate("count.zero", Comparable.class)).isNotNull();
        assertThat(registry.instantiate("count.ten", Comparable.class))
                .isSameAs(registry.instantiate("count.ten", Comparable.class));
        assertThatThrownBy(() -> registry.instantiate("count.Counter", Comparable.class, 4L, 5))
                .isInstanceOf(ExportException.class)
                .hasMessageContaining("got [4, 5], which fit 0 of");
        assertThatThrownBy(() -> registry.instantiate("count.plus", Comparable.class, 1))
                .as("needs a receiver")
                .isInstanceOf(ExportException.class);
    }

    @Test
    void nothingRunsUnlessItsTypeIsTheOneThatIsWanted() throws IOException {
        assertThatThrownBy(() -> registry.instantiate("count.text", Comparable[].class))
                .isInstanceOf(ExportException.class)
                .hasMessageContaining("got 'count.text', which is a java.lang.String");
        System.clearProperty("demo.counter");
        try (URLClassLoader fresh =
                new URLClassLoader(loader.getURLs(), getClass().getClassLoader())) {
            ExportRegistry other = ExportRegistry.of(Map.of(index, name -> Class.forName(name, false, fresh)));
            assertThatThrownBy(() -> other.instantiate("count.Counter", Runnable.class))
                    .isInstanceOf(ExportException.class)
                    .hasMessageContaining("a java.lang.Runnable was expected; got 'count.Counter'");
            assertThat(other.type("count.Counter", Comparable.class).getName()).isEqualTo("demo.Counter");
            assertThat(System.getProperty("demo.counter")).isNull();
            other.instantiate("count.zero", Comparable.class);
            assertThat(System.getProperty("demo.counter")).isEqualTo("initialised");
        }
    }

    @Test
    void twoModulesWithOneNameAreRefused() {
        ExportIndex other = new ExportIndex("other", index.exports().subList(0, 1));
        assertThatThrownBy(() -> ExportRegistry.of(Map.of(
                        index,
                        ExportRegistryTest::load,
                        new ExportIndex("third", moved(other)),
                        ExportRegistryTest::load)))
                .isInstanceOf(ExportException.class)
                .hasMessageContaining("every name was expected once; got [count.Counter");
    }

    private static List<Exported> moved(ExportIndex index) {
        return index.exports().stream()
                .map(e -> new Exported(
                        List.of("count.Counter"),
                        Kind.CLASS,
                        "third.Counter",
                        "",
                        "",
                        false,
                        e.signature(),
                        List.of(),
                        "0.1",
                        Status.STABLE,
                        List.of(),
                        "",
                        "",
                        List.of()))
                .toList();
    }

    @Test
    void anIndexThatIsOlderThanItsClassesIsNamed() {
        Exported gone = index.exports().stream()
                .filter(e -> e.name().equals("count.plus"))
                .map(e -> new Exported(
                        e.names(),
                        e.kind(),
                        e.owner(),
                        "gone",
                        e.descriptor(),
                        false,
                        e.signature(),
                        e.parameters(),
                        e.since(),
                        e.status(),
                        List.of(),
                        "",
                        "",
                        List.of()))
                .findFirst()
                .orElseThrow();
        ExportRegistry stale =
                ExportRegistry.of(Map.of(new ExportIndex("demo", List.of(gone)), ExportRegistryTest::load));
        assertThatThrownBy(() -> stale.handle(stale.find("count.plus")))
                .isInstanceOf(ExportException.class)
                .hasMessageContaining("'count.plus' was expected as its index has it")
                .hasMessageContaining("Hint: build the module again.");
    }
}
