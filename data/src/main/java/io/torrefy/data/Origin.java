package io.torrefy.data;

/// Where the record came from that an element of a [Dataset] was made of; of several records, the first.
///
/// @param source a file, or `list`
/// @param number the record's number in it, as its format counts
public record Origin(String source, long number) {
    @Override
    public String toString() {
        return source + ":" + number;
    }
}
