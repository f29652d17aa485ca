package io.torrefy.lm.jinja;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The functions that every template can call.
final class Globals {
    private static final int LONGEST_RANGE = 100_000;

    static final Map<String, Object> VARIABLES = Map.of(
            "range", (Values.Callable) Globals::range,
            "namespace", (Values.Callable) args -> new Values.Namespace(attributes(args)),
            "dict", (Values.Callable) args -> new LinkedHashMap<Object, Object>(attributes(args)),
            "raise_exception",
                    (Values.Callable) args -> {
                        throw new JinjaException(Text.str(args.require(0, "message")));
                    },
            "strftime_now",
                    (Values.Callable) args -> strftime(Text.str(args.require(0, "format")), LocalDateTime.now()));

    private Globals() {}

    private static Map<String, Object> attributes(Values.Args args) {
        Map<String, Object> all = new LinkedHashMap<>();
        for (Object map : args.positional()) {
            for (Object key : Values.iterate(map)) {
                all.put(Text.str(key), Values.item(map, key));
            }
        }
        all.putAll(args.named());
        return all;
    }

    private static Object range(Values.Args args) {
        List<Object> given = args.positional();
        long from = given.size() > 1 ? Values.toLong(given.get(0)) : 0;
        long to = Values.toLong(given.size() > 1 ? given.get(1) : args.require(0, "stop"));
        long step = given.size() > 2 ? Values.toLong(given.get(2)) : 1;
        if (step == 0) {
            throw new JinjaException("range step cannot be zero");
        }
        List<Object> numbers = new ArrayList<>();
        for (long i = from; step > 0 ? i < to : i > to; i += step) {
            if (numbers.size() == LONGEST_RANGE) {
                throw new JinjaException("range of more than " + LONGEST_RANGE);
            }
            numbers.add(i);
        }
        return numbers;
    }

    /// C's `strftime` in the C locale.
    static String strftime(String format, LocalDateTime time) {
        var out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            char code = format.charAt(++i);
            String pattern = switch (code) {
                case 'Y' -> "uuuu";
                case 'y' -> "uu";
                case 'm' -> "MM";
                case 'd' -> "dd";
                case 'e' -> "ppd";
                case 'H' -> "HH";
                case 'I' -> "hh";
                case 'M' -> "mm";
                case 'S' -> "ss";
                case 'p' -> "a";
                case 'j' -> "DDD";
                case 'a' -> "EEE";
                case 'A' -> "EEEE";
                case 'b', 'h' -> "MMM";
                case 'B' -> "MMMM";
                case 'F' -> "uuuu-MM-dd";
                case 'T' -> "HH:mm:ss";
                case '%' -> "'%'";
                default -> throw new JinjaException("strftime_now does not know %" + code);
            };
            out.append(time.format(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH)));
        }
        return out.toString();
    }
}
