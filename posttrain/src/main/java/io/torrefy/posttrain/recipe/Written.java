package io.torrefy.posttrain.recipe;

import java.util.List;
import java.util.stream.Collectors;

/// A value as it was written.
///
/// @param texts one, or the items of a list
/// @param list whether it is a list
/// @param place what messages say about where it stands: `line 4`, `--set beta=x`
record Written(List<String> texts, boolean list, String place) {
    static Written one(String text, String place) {
        return new Written(List.of(text), false, place);
    }

    String shown() {
        return list ? texts.stream().collect(Collectors.joining(", ", "[", "]")) : "'" + texts.getFirst() + "'";
    }
}
