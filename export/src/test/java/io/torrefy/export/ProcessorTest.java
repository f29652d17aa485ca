package io.torrefy.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the processor writes: the index and the committed listing.
class ProcessorTest {
    private static final String SHAPES = """
            import java.util.List;
            /// A shape. More of it.
            ///
            /// @param sides of it
            @Export(value = {"geometry.Shape", "geometry.Form"}, since = "0.1", members = "geometry.shapes",
                    deprecated = @Alias(name = "geo.Shape", since = "0.2", remove = "9.0"))
            public record Shape(int sides) {
                /// The smallest.
                public static final Shape TRIANGLE = new Shape(3);
                /// Those of so many
                /// sides, as [Shape#sides()] tells.
                public static <T extends Comparable<T>> List<? super Shape> ofSides(int sides, T... more) { return null; }
                /// Twice.
                @Export(value = "geometry.double", since = "0.2", status = Status.EXPERIMENTAL, params = "by=2")
                public Shape times(int by) { return this; }
                public String toString() { return ""; }
                void hidden() {}
                /// A maker.
                public interface Maker { Shape make() throws java.io.IOException; }
            }
            """;

    private static final String LISTING = """
            geometry.Shape  record demo.Shape(int sides)  since 0.1 STABLE
                = geometry.Form
                ~ geo.Shape until 9.0, use geometry.Shape
                abstract Maker.make() -> Shape throws IOException
                interface Maker
            geometry.double  Shape.times(int by) -> Shape  since 0.2 EXPERIMENTAL
                default by = 2
            geometry.shapes.of_sides  static Shape.ofSides<T extends Comparable<T>>(int sides, T... more) -> List<? super Shape>  since 0.1 STABLE
            geometry.shapes.triangle  static Shape.TRIANGLE: Shape  since 0.1 STABLE
            """;

    @TempDir
    Path folder;

    private Compilation shapes() throws IOException {
        return Compilation.of(folder).type("Shape", SHAPES);
    }

    private Compilation golden(String... options) throws IOException {
        Compilation compilation = shapes().option("-Aexport.golden=" + folder.resolve("api"));
        for (String option : options) {
            compilation.option(option);
        }
        return compilation;
    }

    private Path listing() {
        return folder.resolve("api").resolve("demo.api");
    }

    @Test
    void theIndexHoldsWhatTheSourcesSay() throws IOException {
        Compilation.Result result = shapes().run();
        assertThat(result.errors()).isEmpty();
        ExportIndex index = ExportIndex.parse(result.index(), "demo");
        assertThat(index.module()).isEqualTo("demo");
        assertThat(ApiListing.of(index).text()).endsWith("\n\n" + LISTING);
        Exported ofSides = index.exports().get(2);
        assertThat(ofSides.owner()).isEqualTo("demo.Shape");
        assertThat(ofSides.member()).isEqualTo("ofSides");
        assertThat(ofSides.descriptor()).isEqualTo("(I[Ljava/lang/Comparable;)Ljava/util/List;");
        assertThat(ofSides.summary()).isEqualTo("Those of so many sides, as `Shape.sides()` tells.");
        assertThat(ofSides.source()).isEqualTo("demo/Shape.java:13");
        assertThat(ofSides.parameters())
                .containsExactly(
                        new Exported.Parameter("sides", "int", ""), new Exported.Parameter("more", "T...", ""));
        assertThat(index.exports().getFirst().summary()).isEqualTo("A shape.");
        assertThat(index.exports().get(1).parameters()).containsExactly(new Exported.Parameter("by", "int", "2"));
    }

    @Test
    void theSameSourcesGiveTheSameBytesInAnyOrder() throws IOException {
        String other = "/// Is.\n@Export(value = \"a.A\", since = \"0.1\")\npublic class A {}";
        String once = shapes().type("A", other).run().index();
        assertThat(once).contains("\"a.A\"");
        assertThat(shapes().type("A", other).backwards().run().index()).isEqualTo(once);
    }

    /// Since Java 23 a processor that is only there does not run.
    @Test
    void aBuildThatDoesNotSwitchTheProcessorOnHasNoIndex() throws IOException {
        Compilation.Result result = shapes().withoutProcessor().run();
        assertThat(result.done()).isTrue();
        assertThat(result.classes().resolve("demo").resolve("Shape.class")).exists();
        assertThat(result.classes().resolve("META-INF")).doesNotExist();
    }

    @Test
    void aModuleThatExportsNothingHasNoIndex() throws IOException {
        Compilation.Result result = Compilation.of(folder)
                .type("A", "public class A {}")
                .option("-Aexport.golden=" + folder.resolve("api"))
                .run();
        assertThat(result.errors()).isEmpty();
        assertThat(result.classes().resolve("META-INF")).doesNotExist();
    }

    @Test
    void withoutACommittedListingTheBuildFails() throws IOException {
        assertThat(golden().run().errors())
                .singleElement()
                .asString()
                .startsWith(
                        "[export] the listing of exported names was expected in " + listing() + "; got no such file.")
                .endsWith("Hint: write it with " + ApiListing.UPDATE);
        assertThat(listing()).doesNotExist();
    }

    @Test
    void aDifferenceFailsTheBuildUntilItIsWrittenOnPurpose() throws IOException {
        assertThat(golden("-Aexport.update=true").run().errors()).isEmpty();
        String text = Files.readString(listing());
        assertThat(text).endsWith("\n\n" + LISTING);
        assertThat(golden().run().errors()).isEmpty();

        Files.writeString(listing(), text.replace("times(int by)", "times(long by)"));
        assertThat(golden().run().errors())
                .as("a line each: builds show the first line of an error alone")
                .noneMatch(error -> error.contains("\n"))
                .satisfiesExactlyInAnyOrder(
                        error -> assertThat(error)
                                .isEqualTo(
                                        "[export] changed geometry.double: - Shape.times(long by) -> Shape  since 0.2"
                                                + " EXPERIMENTAL + Shape.times(int by) -> Shape  since 0.2 EXPERIMENTAL"),
                        error -> assertThat(error)
                                .contains("1 changed.")
                                .endsWith("run " + ApiListing.UPDATE + " and commit the file."));
        assertThat(Files.readString(listing())).contains("long by");

        Files.writeString(listing(), text + "geometry.gone  static Shape.gone() -> int  since 0.1 STABLE\n");
        assertThat(golden().run().errors()).anyMatch(error -> error.contains("removed geometry.gone (breaks users)"));
        assertThat(golden("-Aexport.update=true").run().errors()).isEmpty();
        assertThat(Files.readString(listing())).isEqualTo(text);
    }

    @Test
    void aModuleThatLosesItsLastNameStillAnswersToItsListing() throws IOException {
        assertThat(golden("-Aexport.update=true").run().errors()).isEmpty();
        Compilation.Result result = Compilation.of(folder.resolve("later"))
                .type("A", "public class A {}")
                .option("-Aexport.golden=" + folder.resolve("api"))
                .run();
        assertThat(result.errors()).hasSize(5).anyMatch(error -> error.contains("4 changed"));
    }

    @Test
    void aNewNameCannotBeOlderThanTheVersionThatBringsIt() throws IOException {
        assertThat(golden("-Aexport.update=true").run().errors()).isEmpty();
        String text = Files.readString(listing());
        Files.writeString(listing(), text.replaceAll("(?m)^geometry.shapes.triangle.*\\n", ""));
        assertThat(golden("-Aexport.update=true", "-Aexport.version=0.2.0")
                        .run()
                        .errors())
                .singleElement()
                .asString()
                .contains("since 0.2 was expected for the new name 'geometry.shapes.triangle'; got 0.1.");
    }

    @Test
    void aMergeConflictInAListingSaysWhereItIs() throws IOException {
        assertThat(golden("-Aexport.update=true").run().errors()).isEmpty();
        String text = Files.readString(listing());
        Files.writeString(listing(), text.replace("geometry.double", "<<<<<<< HEAD\ngeometry.double"));
        assertThat(golden().run().errors()).singleElement().asString().contains("demo.api:8; got '<<<<<<< HEAD'");
        assertThat(golden("-Aexport.update=true").run().errors()).isEmpty();
        assertThat(Files.readString(listing())).isEqualTo(text);
    }
}
