package io.torrefy.data;

import io.torrefy.export.Export;

/// Where the record came from that an element of a [Dataset] was made of; of several records, the first.
///
/// @param source a file, or `list`
/// @param number the record's number in it, as its format counts
@Export(value = "data.Origin", since = "0.1")
public record Origin(String source, long number) {
    @Override
    public String toString() {
        return source + ":" + number;
    }
}
