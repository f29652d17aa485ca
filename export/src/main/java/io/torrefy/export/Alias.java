package io.torrefy.export;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// A name that an exported element had once: a part of [Export#deprecated()].
@Export(value = "export.Alias", since = "0.1")
@Retention(RetentionPolicy.RUNTIME)
@Target({})
public @interface Alias {
    /// The old name.
    String name();

    /// The version that deprecated it.
    String since();

    /// The version that takes it away: a build of that version fails until it is gone.
    String remove();

    /// What to write instead; empty for the canonical name.
    String replacement() default "";
}
