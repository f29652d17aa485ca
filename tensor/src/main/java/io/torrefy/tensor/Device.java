package io.torrefy.tensor;

import io.torrefy.export.Export;
import java.util.Locale;

/// Where a tensor's storage lives.
///
/// @param type the backend's name, such as `cpu`
/// @param index which of its devices, from 0
@Export(value = "tensor.Device", since = "0.1")
public record Device(String type, int index) {
    /// The CPU.
    public static final Device CPU = new Device("cpu", 0);

    /// Parses `cpu` or `type:index`.
    ///
    /// @throws IllegalArgumentException if the text has another form
    public static Device parse(String text) {
        int colon = text.indexOf(':');
        try {
            return colon < 0
                    ? new Device(text.toLowerCase(Locale.ROOT), 0)
                    : new Device(
                            text.substring(0, colon).toLowerCase(Locale.ROOT),
                            Integer.parseInt(text.substring(colon + 1)));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("[device] expected 'type' or 'type:index'; got '" + text + "'", e);
        }
    }

    @Override
    public String toString() {
        return index == 0 ? type : type + ":" + index;
    }
}
