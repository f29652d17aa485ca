package io.torrefy.app;

import io.torrefy.export.ExportException;
import io.torrefy.export.ExportRegistry;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.ParameterException;

/// Options that say an implementation by its exported name and its arguments:
/// `optim.schedules.polynomial:end=0,power=2`. A word without dots is one of those that the option has in mind:
/// `countdown` is `posttrain.tasks.countdown`.
///
/// @param option its option, for messages
/// @param prefix what comes before a word without dots, with its dot
record Named(CommonOptions common, String option, String prefix) {
    /// What `text` stands for.
    ///
    /// @param offered arguments that it may take beside those written
    /// @throws ParameterException where that is no `bound`, or lacks arguments
    <T> T make(String text, Class<T> bound, Map<String, ?> offered) {
        String[] parts = text.split(":", 2);
        String name = parts[0].contains(".") ? parts[0] : prefix + parts[0].toLowerCase(Locale.ROOT);
        Map<String, String> arguments = parts.length == 1 ? Map.of() : arguments(parts[1]);
        try {
            return ExportRegistry.standard().make(name, bound, arguments, offered);
        } catch (ExportException e) {
            throw bad(String.valueOf(e.getMessage()));
        }
    }

    private Map<String, String> arguments(String text) {
        Map<String, String> arguments = new LinkedHashMap<>();
        for (String argument : text.split(",", -1)) {
            String[] pair = argument.split("=", 2);
            if (pair.length != 2 || arguments.put(pair[0].strip(), pair[1].strip()) != null) {
                throw bad("expected NAME or NAME:ARGUMENT=VALUE,..., each argument once; got '" + argument + "' in "
                        + text);
            }
        }
        return arguments;
    }

    private ParameterException bad(String what) {
        return common.bad("Invalid value for option '" + option + "': " + what);
    }
}
