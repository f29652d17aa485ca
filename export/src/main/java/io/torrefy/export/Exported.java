package io.torrefy.export;

import java.util.ArrayList;
import java.util.List;

/// One exported element, as the index has it.
///
/// @param names the canonical name, and then others that are as good
/// @param owner binary name of the type, or of the type that has the member
/// @param member name of the method or field; `<init>` for a constructor; empty for a type
/// @param descriptor of the member, erased, as the class file writes it; empty for a type
/// @param isStatic whether it takes no receiver
/// @param signature the declaration as people read it
/// @param parameters of a method or constructor, without the receiver
/// @param since the version that had it first
/// @param summary the first sentence of its documentation
/// @param source file and line, `io/torrefy/nn/Linear.java:9`; empty where the compiler did not tell
/// @param members of a type: its other public members as people read them, sorted
@Export(value = "export.Exported", since = "0.1")
public record Exported(
        List<String> names,
        Kind kind,
        String owner,
        String member,
        String descriptor,
        boolean isStatic,
        String signature,
        List<Parameter> parameters,
        String since,
        Status status,
        List<OldName> oldNames,
        String summary,
        String source,
        List<String> members) {
    public Exported {
        if (names.isEmpty()) {
            throw new ExportException("[export] at least one name was expected; got none for " + owner + " " + member);
        }
        names = List.copyOf(names);
        parameters = List.copyOf(parameters);
        oldNames = List.copyOf(oldNames);
        members = List.copyOf(members);
    }

    /// A parameter of a method or constructor.
    ///
    /// @param type as the source writes it
    /// @param value the default as text; empty for none
    public record Parameter(String name, String type, String value) {}

    /// A deprecated name, as [Alias] has it.
    public record OldName(String name, String since, String remove, String replacement) {}

    /// The canonical name.
    public String name() {
        return names.getFirst();
    }

    /// All names that resolve to it, deprecated ones last.
    public List<String> allNames() {
        List<String> all = new ArrayList<>(names);
        oldNames.forEach(old -> all.add(old.name()));
        return all;
    }
}
