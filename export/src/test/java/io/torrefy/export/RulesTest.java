package io.torrefy.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Each rule breaks the build, on the element that breaks it. In the sources, line 2 is the first of the text.
class RulesTest {
    @TempDir
    Path folder;

    /// The only error of a class `A` with this text.
    private String error(String text) throws IOException {
        Compilation.Result result = Compilation.of(folder)
                .type("A", text)
                .option("-Aexport.version=0.3.0-SNAPSHOT")
                .run();
        assertThat(result.done()).isFalse();
        assertThat(result.errors()).hasSize(1);
        assertThat(result.classes().resolve("META-INF")).doesNotExist();
        return result.errors().getFirst();
    }

    private static String type(String annotation) {
        return "/// Is.\n" + annotation + "\npublic class A {}";
    }

    private static String member(String member) {
        return "/// Is.\n@Export(value = \"a.A\", since = \"0.1\")\npublic class A {\n" + member + "\n}";
    }

    @Test
    void aNameIsUsedOnce() throws IOException {
        Compilation.Result result = Compilation.of(folder)
                .type("A", "/// Is.\n@Export(value = \"a.B\", since = \"0.1\")\npublic class A {}")
                .type("B", "/// Is.\n\n\n@Export(value = \"a.B\", since = \"0.1\")\npublic class B {}")
                .run();
        assertThat(result.errors())
                .satisfiesExactlyInAnyOrder(
                        error -> assertThat(error)
                                .startsWith("A.java:4: [export] a name used once was expected; got 'a.B', which")
                                .contains("class demo.B has too"),
                        error -> assertThat(error).startsWith("B.java:6: ").contains("class demo.A has too"));
    }

    @Test
    void anAliasCountsAsAName() throws IOException {
        String alias = "deprecated = @Alias(name = \"a.B\", since = \"0.1\", remove = \"9.0\")";
        Compilation.Result result = Compilation.of(folder)
                .type("A", "/// Is.\n@Export(value = \"a.A\", since = \"0.1\", " + alias + ")\npublic class A {}")
                .type("B", "/// Is.\n@Export(value = \"a.B\", since = \"0.1\")\npublic class B {}")
                .run();
        assertThat(result.errors()).hasSize(2).allMatch(error -> error.contains("used once was expected; got 'a.B'"));
    }

    @Test
    void aNameIsUsedOnceAcrossModules() throws IOException {
        Compilation.Result first = Compilation.of(folder.resolve("first"))
                .type("A", type("@Export(value = \"a.A\", since = \"0.1\")"))
                .run();
        assertThat(first.errors()).isEmpty();
        Compilation.Result second = Compilation.module(
                        folder.resolve("second"),
                        "other",
                        "module other { requires demo; requires io.torrefy.export; exports other; }")
                .after(first)
                .type("A", type("@Export(value = \"a.A\", since = \"0.1\")"))
                .run();
        assertThat(second.errors())
                .containsExactly(
                        "A.java:4: [export] a name used once was expected; got 'a.A', which module demo has too.");
    }

    @Test
    void twoModulesBelowThatClashAreSeenByTheOneThatRequiresBoth() throws IOException {
        Compilation.Result demo = Compilation.of(folder.resolve("first"))
                .type("A", type("@Export(value = \"a.A\", since = \"0.1\")"))
                .run();
        Compilation.Result other = Compilation.module(
                        folder.resolve("second"),
                        "other",
                        "module other { requires io.torrefy.export; exports other; }")
                .type("A", type("@Export(value = \"a.A\", since = \"0.1\")"))
                .run();
        Compilation.Result above = Compilation.module(
                        folder.resolve("third"), "above", "module above { requires demo; requires other; }")
                .after(demo)
                .after(other)
                .run();
        assertThat(above.errors()).singleElement().asString().contains("got 'a.A' in demo and in other");
    }

    @Test
    void aNameHasAForm() throws IOException {
        for (String bad : List.of("A", "a", "A.b", "a..b", "a.b.", "a.1b", "a-b.c", "a.b c", "ä.b", "")) {
            assertThat(error(type("@Export(value = \"" + bad + "\", since = \"0.1\")")))
                    .startsWith(
                            "A.java:4: [export] a name such as nn.functional.softmax was expected; got '" + bad + "'");
        }
        assertThat(error(type("@Export(value = {}, since = \"0.1\")"))).contains("at least one name was expected");
        assertThat(error(type("@Export(value = \"a.A\", members = \"A b\", since = \"0.1\")")))
                .contains("a prefix such as nn.functional was expected for members; got 'A b'");
    }

    @Test
    void whatIsExportedIsPublic() throws IOException {
        assertThat(error("/// Is.\n@Export(value = \"a.A\", since = \"0.1\")\nclass A {}"))
                .startsWith("A.java:4: [export] something public was expected for 'a.A'; got A: it is not public.");
        assertThat(error(member("/// Is.\n@Export(value = \"a.f\", since = \"0.1\")\nstatic void f() {}")))
                .startsWith("A.java:7: ")
                .contains("got f: it is not public");
        assertThat(error("class A {\n/// Is.\n@Export(value = \"a.f\", since = \"0.1\")\npublic static void f() {} }"))
                .startsWith("A.java:5: ")
                .contains("A is not public");
    }

    @Test
    void itsPackageIsExportedToAll() throws IOException {
        String text = "/// Is.\n@Export(value = \"a.A\", since = \"0.1\")\npublic class A {}";
        assertThat(Compilation.of(folder)
                        .type("B", "public class B {}")
                        .hidden("A", text)
                        .run()
                        .errors())
                .singleElement()
                .asString()
                .startsWith("A.java:4: ")
                .contains("module-info.java does not export demo.hidden to all");
        String descriptor = "module demo { requires io.torrefy.export; exports demo to io.torrefy.export; }";
        assertThat(Compilation.module(folder, "demo", descriptor)
                        .type("A", text)
                        .run()
                        .errors())
                .singleElement()
                .asString()
                .contains("does not export demo to all");
    }

    @Test
    void itHasASummary() throws IOException {
        assertThat(error("@Export(value = \"a.A\", since = \"0.1\")\npublic class A {}"))
                .startsWith("A.java:3: [export] a summary in the documentation of 'a.A' was expected; got none.");
        assertThat(error(member(
                        "/// @return 1\n@Export(value = \"a.f\", since = \"0.1\")\npublic int f() { return 1; }")))
                .contains("documentation of 'a.f'");
    }

    @Test
    void anAliasIsAnotherName() throws IOException {
        assertThat(error(type("@Export(value = \"a.A\", since = \"0.1\", deprecated = @Alias(name = \"a.A\","
                        + " since = \"0.1\", remove = \"0.9\"))")))
                .startsWith(
                        "A.java:4: [export] an alias other than the element's names was expected; got 'a.A' twice.");
        assertThat(error(type("@Export(value = {\"a.A\", \"a.A\"}, since = \"0.1\")")))
                .contains("got 'a.A' twice");
    }

    @Test
    void anAliasGoesWhenItsTimeHasCome() throws IOException {
        assertThat(error(type("@Export(value = \"a.A\", since = \"0.1\", deprecated = @Alias(name = \"a.B\","
                        + " since = \"0.1\", remove = \"0.3\"))")))
                .contains("the deprecated name 'a.B' was expected to go with 0.3; got version 0.3.0-SNAPSHOT with it");
    }

    @Test
    void sinceIsAVersionUpToTheOneThatIsBuilt() throws IOException {
        assertThat(error(type("@Export(\"a.A\")"))).contains("since");
        assertThat(error(type("@Export(value = \"a.A\", since = \"\")")))
                .startsWith("A.java:4: [export] a version such as 0.1 was expected for since; got ''.");
        assertThat(error(type("@Export(value = \"a.A\", since = \"soon\")"))).contains("got 'soon'");
        assertThat(error(type("@Export(value = \"a.A\", since = \"0.10\")")))
                .contains("a version up to 0.3, which is being built, was expected for since; got 0.10.");
        assertThat(Compilation.of(folder)
                        .type("A", type("@Export(value = \"a.A\", since = \"0.3\")"))
                        .option("-Aexport.version=0.3.0-SNAPSHOT")
                        .run()
                        .errors())
                .isEmpty();
    }

    @Test
    void overloadsThatShareANameSayTheirParameters() throws IOException {
        String f = "/// Is.\n@Export(value = \"a.f\", since = \"0.1\"%s)\npublic static void f(%s) {}\n";
        assertThat(error(member(f.formatted("", "int x") + f.formatted(", params = \"y\"", "long y"))))
                .startsWith("A.java:7: [export] params was expected on each overload that shares the name 'a.f'");
        assertThat(error(member(f.formatted(", params = \"z=1\"", "int x"))))
                .contains("params [x] were expected, as the source has them; got [z].");
        assertThat(Compilation.of(folder)
                        .type(
                                "A",
                                member(f.formatted("", "")
                                        + f.formatted(", params = \"x=1\"", "int x")
                                        + f.formatted(", params = \"y\"", "long y")))
                        .run()
                        .errors())
                .isEmpty();
    }

    @Test
    void methodsOfDifferentNamesAreNoOverloads() throws IOException {
        String f =
                "/// Is.\n@Export(value = \"a.f\", since = \"0.1\", params = \"x\")\npublic static void %s(int x) {}\n";
        Compilation.Result result = Compilation.of(folder)
                .type("A", member(f.formatted("f") + f.formatted("g")))
                .run();
        assertThat(result.errors()).hasSize(2).allMatch(error -> error.contains("used once was expected; got 'a.f'"));
    }

    @Test
    void anInstanceMethodBelongsToAnExportedType() throws IOException {
        assertThat(error("/// Is.\npublic class A {\n/// Is.\n@Export(value = \"a.f\", since = \"0.1\")\n"
                        + "public void f() {} }"))
                .startsWith("A.java:6: ")
                .contains("an exported type was expected around the instance method 'a.f'; got demo.A");
    }

    @Test
    void aFieldIsAConstant() throws IOException {
        assertThat(error(member("/// Is.\n@Export(value = \"a.x\", since = \"0.1\")\npublic static int x;")))
                .startsWith("A.java:7: [export] a static final field was expected");
    }

    @Test
    void aSignatureMentionsOnlyWhatUsersCanName() throws IOException {
        String expected = "got demo.hidden.H. Hint: export it";
        for (String member : List.of(
                "public static hidden.H f() { return null; }",
                "public static void f(java.util.List<? extends hidden.H[]> x) {}",
                "public static void f() throws hidden.H {}")) {
            String text = member("/// Is.\n@Export(value = \"a.f\", since = \"0.1\")\n"
                    + member.replace("hidden.H", "demo.hidden.H"));
            assertThat(Compilation.of(folder)
                            .type("A", text)
                            .hidden("H", "public class H extends Exception {}")
                            .run()
                            .errors())
                    .as(member)
                    .anySatisfy(error -> assertThat(error)
                            .startsWith("A.java:7: [export] a type that users can name was expected in the signature of"
                                    + " 'a.f'")
                            .contains(expected));
        }
    }

    @Test
    void aForeignTypeIsAllowedByItsModule() throws IOException {
        String jdk = member("/// Is.\n@Export(value = \"a.f\", since = \"0.1\")\n"
                + "public static com.sun.net.httpserver.Filter f() { return null; }");
        String descriptor =
                "module demo { requires io.torrefy.export; requires transitive jdk.httpserver; exports demo; }";
        assertThat(Compilation.module(folder.resolve("a"), "demo", descriptor)
                        .type("A", jdk)
                        .run()
                        .errors())
                .isNotEmpty()
                .allMatch(error -> error.contains("com.sun.net.httpserver.Filter"));
        assertThat(Compilation.module(folder.resolve("b"), "demo", descriptor)
                        .type("A", jdk)
                        .option("-Aexport.allow=jdk.httpserver")
                        .run()
                        .errors())
                .isEmpty();
        assertThat(Compilation.module(folder.resolve("c"), "demo", descriptor)
                        .type("A", jdk)
                        .option("-Aexport.allow=jdk.other,com.sun.net.httpserver.Filter")
                        .run()
                        .errors())
                .isEmpty();
    }
}
