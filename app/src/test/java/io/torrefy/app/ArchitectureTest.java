package io.torrefy.app;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures;
import java.io.ObjectInputStream;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Constructor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What holds for the classes of all modules: the floors of the house, and what nobody uses.
class ArchitectureTest {
    private static final List<String> MODULES =
            List.of("export", "tensor", "nn", "data", "rl", "lm", "posttrain", "app");
    private static final JavaClasses CLASSES = importModules();

    @Test
    void everyModuleIsUnderTheRules() {
        for (String module : List.of("tensor", "app")) {
            assertThat(CLASSES)
                    .as("classes of %s", module)
                    .anyMatch(type -> type.getPackageName().startsWith("io.torrefy." + module));
        }
    }

    @Test
    void aModuleUsesOnlyTheFloorsBelowIt() {
        Architectures.layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage("io.torrefy..")
                .withOptionalLayers(true)
                .layer("export")
                .definedBy("io.torrefy.export..")
                .layer("tensor")
                .definedBy("io.torrefy.tensor..")
                .layer("nn")
                .definedBy("io.torrefy.nn..")
                .layer("data")
                .definedBy("io.torrefy.data..")
                .layer("rl")
                .definedBy("io.torrefy.rl..")
                .layer("lm")
                .definedBy("io.torrefy.lm..")
                .layer("posttrain")
                .definedBy("io.torrefy.posttrain..")
                .layer("app")
                .definedBy("io.torrefy.app..")
                .whereLayer("export")
                .mayNotAccessAnyLayer()
                .whereLayer("tensor")
                .mayOnlyAccessLayers("export")
                .whereLayer("nn")
                .mayOnlyAccessLayers("export", "tensor")
                .whereLayer("data")
                .mayOnlyAccessLayers("export", "tensor")
                .whereLayer("rl")
                .mayOnlyAccessLayers("export", "tensor", "nn")
                .whereLayer("lm")
                .mayOnlyAccessLayers("export", "tensor", "nn", "data")
                .whereLayer("posttrain")
                .mayOnlyAccessLayers("export", "tensor", "nn", "data", "lm")
                .whereLayer("app")
                .mayNotBeAccessedByAnyLayer()
                .check(CLASSES);
    }

    @Test
    void exportNeedsOnlyTheJdk() {
        check(noClasses()
                .that()
                .resideInAPackage("io.torrefy.export..")
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages(
                        "io.torrefy.export..", "java..", "javax..", "com.sun.source..", "org.jspecify..")
                .because("export has no run-time dependency"));
    }

    @Test
    void onlyTheProcessorNeedsTheCompiler() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage("io.torrefy.export.processor..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("javax.annotation.processing..", "javax.lang.model..", "javax.tools..", "com.sun..")
                .because("programs run without the compiler's modules"));
    }

    @Test
    void tensorNeedsOnlyTheJdk() {
        check(noClasses()
                .that()
                .resideInAPackage("io.torrefy.tensor..")
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages(
                        "io.torrefy.tensor..",
                        "io.torrefy.export..",
                        "java..",
                        "jdk.incubator.vector..",
                        "org.jspecify..")
                .because("tensor has no run-time dependency but export"));
    }

    @Test
    void theBackendsStayBehindTheirInterface() {
        check(noClasses()
                .that()
                .resideInAPackage("io.torrefy..")
                .and(not(resideInAPackage("io.torrefy.tensor.internal.cpu..")))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.torrefy.tensor.internal.cpu..")
                .because("a second backend comes in beside it, as a service"));
    }

    @Test
    void nativeCodeIsCalledOnlyFromTensorsInside() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage("io.torrefy.tensor.internal..")
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(Linker.class, SymbolLookup.class)
                .because("native code is for the allocator and the backends"));
    }

    /// Model and run folders name classes too: what is not exported cannot be reached by a name that a file has.
    @Test
    void onlyTheRegistryTurnsNamesIntoClasses() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage("io.torrefy.export..")
                .should()
                .callMethod(Class.class, "forName", String.class)
                .orShould()
                .callMethod(Class.class, "forName", String.class, boolean.class, ClassLoader.class)
                .orShould()
                .callMethod(Class.class, "forName", Module.class, String.class)
                .orShould()
                .callMethod(ClassLoader.class, "loadClass", String.class)
                .orShould()
                .callMethod(MethodHandles.Lookup.class, "findClass", String.class)
                .orShould()
                .callMethod(Constructor.class, "newInstance", Object[].class)
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(ObjectInputStream.class)
                .because("the index of exported names is the allow-list of what a file may name"));
    }

    @Test
    void nobodyUsesTheJdksInternals() {
        check(noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("sun..", "jdk.internal..")
                .because("memory is reached through java.lang.foreign"));
    }

    @Test
    void onlyTheCommandLinePrints() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage("io.torrefy.app..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(Throwable.class, "printStackTrace")
                .because("a library tells its caller, not the terminal"));
    }

    @Test
    void anExceptionHasAKind() {
        check(noClasses()
                .that()
                .areNotAssignableTo(Throwable.class)
                .should()
                .callConstructorWhere(target(owner(belongTo(RuntimeException.class, Exception.class, Error.class))))
                .because("a caller has to tell one failure from another"));
    }

    @Test
    void randomNumbersComeFromACounter() {
        check(noClasses()
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(Random.class, SplittableRandom.class, ThreadLocalRandom.class)
                .orShould()
                .callMethod(Math.class, "random")
                .because("a seed must give the same numbers on every thread count, device and resumed run"));
    }

    private static DescribedPredicate<JavaClass> belongTo(Class<?>... types) {
        return DescribedPredicate.describe(
                "be one of " + List.of(types), type -> Stream.of(types).anyMatch(type::isEquivalentTo));
    }

    private static void check(ArchRule rule) {
        rule.check(CLASSES);
    }

    /// The main classes of each module, from where the module system found them.
    private static JavaClasses importModules() {
        List<Location> locations = new ArrayList<>();
        for (String module : MODULES) {
            locations.add(ModuleLayer.boot()
                    .configuration()
                    .findModule("io.torrefy." + module)
                    .orElseThrow()
                    .reference()
                    .location()
                    .map(Location::of)
                    .orElseThrow());
        }
        return new ClassFileImporter().importLocations(locations);
    }
}
