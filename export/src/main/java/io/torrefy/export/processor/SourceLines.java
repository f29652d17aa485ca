package io.torrefy.export.processor;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.TreePath;
import com.sun.source.util.Trees;
import java.nio.file.Path;
import javax.annotation.processing.ProcessingEnvironment;
import javax.lang.model.element.Element;
import org.jspecify.annotations.Nullable;

/// Where an element is declared.
final class SourceLines {
    private final @Nullable Trees trees;

    SourceLines(ProcessingEnvironment environment) {
        trees = trees(environment);
    }

    private static @Nullable Trees trees(ProcessingEnvironment environment) {
        try {
            return Trees.instance(environment);
        } catch (IllegalArgumentException e) {
            // Another compiler than javac: the index goes without lines.
            return null;
        }
    }

    /// `io/torrefy/nn/Linear.java:9`; empty where it is not known.
    String of(Element element) {
        TreePath path = trees == null ? null : trees.getPath(element);
        if (trees == null || path == null) {
            return "";
        }
        CompilationUnitTree unit = path.getCompilationUnit();
        long position = trees.getSourcePositions().getStartPosition(unit, path.getLeaf());
        String folder = unit.getPackageName() == null
                ? ""
                : unit.getPackageName().toString().replace('.', '/') + "/";
        String file = String.valueOf(Path.of(unit.getSourceFile().getName()).getFileName());
        return folder + file + (position < 0 ? "" : ":" + unit.getLineMap().getLineNumber(position));
    }
}
