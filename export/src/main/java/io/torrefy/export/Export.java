package io.torrefy.export;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Gives a public type, method, constructor or constant a name that configurations, recipes, the command line and saved
/// models may use, and that stays when classes move: `@Export(value = "nn.functional.softmax", since = "0.1")`.
///
/// The annotation processor checks every use, writes the index that [ExportRegistry] reads, and compares what is
/// exported with the committed listing. After `tf_export` of TensorFlow, with the statuses of the API Guardian.
@Export(value = "export.Export", since = "0.1")
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD, ElementType.CONSTRUCTOR, ElementType.FIELD})
public @interface Export {
    /// The names: words of letters, digits and `_` joined by dots, the first word in small letters. The first name
    /// is the canonical one.
    String[] value();

    /// The version that had it first, such as `0.1`.
    String since();

    /// What may be expected of it.
    Status status() default Status.STABLE;

    /// Names that it had once. They resolve, and a warning says what to write instead.
    Alias[] deprecated() default {};

    /// The parameters' names as the source has them, with defaults for callers that leave them out:
    /// `combiner=mean`. Methods that share a name need it.
    String[] params() default {};

    /// On a type: a prefix under which its public methods and constants are exported too, each by its own name in
    /// snake case: with `tensor`, `indexSelect` becomes `tensor.index_select`. They take since and status from the
    /// type, unless they have an annotation of their own. Empty: none.
    String members() default "";
}
