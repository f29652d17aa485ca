package io.torrefy.lm;

import com.fasterxml.jackson.databind.JsonNode;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A `tokenizer.json` read into the parts of a [BpeTokenizer]. Everything that is not understood is named, all of it at
/// once: a tokenizer that is nearly right gives a model text it never saw.
final class TokenizerFile {
    final Map<String, Integer> vocab = new HashMap<>();
    BpeMerges merges = new BpeMerges(0);
    final boolean byteFallback;
    final boolean ignoreMerges;
    final boolean fuseUnknown;
    /// Empty for none.
    final String unknown;
    final List<AddedTokens.Added> added = new ArrayList<>();
    UnaryOperator<String> normalizer = UnaryOperator.identity();
    PreTokenizer preTokenizer = PreTokenizer.whole();
    /// Whether the last step of the pre-tokenizer spells bytes; it is then left to the tokenizer, behind its cache.
    boolean spellsBytes;
    final List<Integer> before = new ArrayList<>();
    final List<Integer> after = new ArrayList<>();
    Supplier<TokenDecoder> decoder = TokenDecoder.joined();

    private final List<String> problems = new ArrayList<>();

    /// @param name what messages call the file
    /// @throws TokenizerException naming every part that is missing, broken or not supported
    TokenizerFile(JsonNode root, String name) {
        JsonNode model = root.path("model");
        if (!model.isObject()) {
            throw wrongFile(root, name);
        }
        byteFallback = model.path("byte_fallback").asBoolean(false);
        ignoreMerges = model.path("ignore_merges").asBoolean(false);
        fuseUnknown = model.path("fuse_unk").asBoolean(false);
        unknown = model.path("unk_token").isTextual() ? model.path("unk_token").asText() : "";
        readModel(model);
        if (problems.isEmpty()) {
            readAdded(root.path("added_tokens"));
            normalizer = normalizer(root.path("normalizer"));
            readPreTokenizer(root.path("pre_tokenizer"));
            readPostProcessor(root.path("post_processor"));
            readDecoder(root.path("decoder"));
        }
        if (!problems.isEmpty()) {
            throw new TokenizerException("[tokenizer] expected a byte-pair tokenizer in " + name + "; got: "
                    + String.join("; ", problems) + ".");
        }
    }

    private static TokenizerException wrongFile(JsonNode root, String name) {
        String hint;
        if (root.isObject() && !root.isEmpty() && root.iterator().next().isInt()) {
            hint = "This looks like a vocab.json; the tokenizer.json of the same folder is needed.";
        } else if (root.has("tokenizer_class")) {
            hint = "This looks like a tokenizer_config.json; name tokenizer.json or its folder.";
        } else if (root.has("architectures") || root.has("model_type")) {
            hint = "This looks like a model's config.json; name tokenizer.json or its folder.";
        } else {
            hint = "Save one with tokenizer.save_pretrained(...) of transformers, or train one with BpeTrainer.";
        }
        return new TokenizerException("[tokenizer] expected a tokenizer.json, an object with \"model\"; got " + name
                + " without it. Hint: " + hint);
    }

    private void readModel(JsonNode model) {
        String type = model.path("type").asText(model.has("merges") ? "BPE" : "none");
        if (!type.equals("BPE")) {
            problems.add("model type " + type + " (supported: BPE)");
            return;
        }
        for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
            if (model.path(affix).isTextual() && !model.path(affix).asText().isEmpty()) {
                problems.add(affix + " '" + model.path(affix).asText() + "' (not supported)");
            }
        }
        if (model.path("dropout").asDouble(0) > 0) {
            problems.add("dropout " + model.path("dropout") + " (not supported)");
        }
        model.path("vocab").forEachEntry((token, id) -> {
            if (!id.isInt() || id.asInt() < 0) {
                problems.add("vocab entry '" + token + "' with id " + id);
            } else {
                vocab.put(token, id.asInt());
            }
        });
        if (vocab.isEmpty()) {
            problems.add("an empty vocab");
        }
        if (problems.isEmpty()) {
            readMerges(model.path("merges"));
        }
        if (!unknown.isEmpty() && !vocab.containsKey(unknown)) {
            problems.add("unk_token '" + unknown + "' that is not in the vocab");
        }
    }

    private void readMerges(JsonNode list) {
        merges = new BpeMerges(list.size());
        int rank = 0;
        for (JsonNode merge : list) {
            String left;
            String right;
            if (merge.isArray() && merge.size() == 2) {
                left = merge.path(0).asText();
                right = merge.path(1).asText();
            } else {
                String text = merge.asText("");
                int space = text.indexOf(' ');
                if (space < 0 || text.indexOf(' ', space + 1) >= 0) {
                    problems.add("merge " + rank + " that is no pair: " + merge);
                    return;
                }
                left = text.substring(0, space);
                right = text.substring(space + 1);
            }
            Integer a = vocab.get(left);
            Integer b = vocab.get(right);
            Integer result = vocab.get(left + right);
            if (a == null || b == null || result == null) {
                String missing = a == null ? left : b == null ? right : left + right;
                problems.add("merge " + rank + " (" + left + " + " + right + ") whose '" + missing
                        + "' is not in the vocab");
                return;
            }
            merges.put(a, b, rank++, result);
        }
    }

    private void readAdded(JsonNode list) {
        for (JsonNode token : list) {
            String content = token.path("content").asText("");
            if (content.isEmpty()
                    || !token.path("id").isInt()
                    || token.path("id").asInt() < 0) {
                problems.add("added token without content and id: " + token);
                continue;
            }
            added.add(addedToken(token.path("id").asInt(), token));
        }
    }

    /// An entry of `added_tokens`, or of `added_tokens_decoder` in `tokenizer_config.json`.
    static AddedTokens.Added addedToken(int id, JsonNode token) {
        boolean special = token.path("special").asBoolean(false);
        return new AddedTokens.Added(
                id,
                token.path("content").asText(""),
                token.path("single_word").asBoolean(false),
                token.path("lstrip").asBoolean(false),
                token.path("rstrip").asBoolean(false),
                token.path("normalized").asBoolean(!special),
                special);
    }

    private UnaryOperator<String> normalizer(JsonNode node) {
        String type = typeOf(node);
        return switch (type) {
            case "" -> UnaryOperator.identity();
            case "NFC", "NFD", "NFKC", "NFKD" -> Normalization.form(Normalizer.Form.valueOf(type));
            case "Lowercase" -> Normalization.lowercase();
            case "Strip" ->
                Normalization.strip(
                        node.path("strip_left").asBoolean(true),
                        node.path("strip_right").asBoolean(true));
            case "Prepend" -> Normalization.prepend(node.path("prepend").asText(""));
            case "Replace" -> {
                JsonNode pattern = node.path("pattern");
                String content = node.path("content").asText("");
                if (pattern.has("String")) {
                    yield Normalization.replace(pattern.path("String").asText(), content);
                }
                Pattern regex = SplitRegex.compile(pattern.path("Regex").asText());
                yield text -> regex.matcher(text).replaceAll(_ -> Matcher.quoteReplacement(content));
            }
            case "Sequence" -> {
                UnaryOperator<String> all = UnaryOperator.identity();
                for (JsonNode step : node.path("normalizers")) {
                    UnaryOperator<String> soFar = all;
                    UnaryOperator<String> next = normalizer(step);
                    all = text -> next.apply(soFar.apply(text));
                }
                yield all;
            }
            default -> {
                problems.add("normalizer " + type
                        + " (supported: NFC, NFD, NFKC, NFKD, Lowercase, Strip, Prepend, Replace)");
                yield UnaryOperator.identity();
            }
        };
    }

    private void readPreTokenizer(JsonNode node) {
        List<JsonNode> steps = new ArrayList<>();
        flatten(node, "pretokenizers", steps);
        for (int i = 0; i < steps.size(); i++) {
            addStep(steps.get(i), i == steps.size() - 1);
        }
    }

    private void addStep(JsonNode step, boolean last) {
        String type = typeOf(step);
        switch (type) {
            case "ByteLevel" -> {
                if (step.path("add_prefix_space").asBoolean(true)) {
                    preTokenizer = preTokenizer.then(PreTokenizer.prefixSpace());
                }
                if (step.path("use_regex").asBoolean(true)) {
                    preTokenizer = preTokenizer.then(
                            PreTokenizer.split(PreTokenizer.GPT2, PreTokenizer.Behavior.ISOLATED, false));
                }
                if (last) {
                    spellsBytes = true;
                } else {
                    preTokenizer = preTokenizer.then(PreTokenizer.spellBytes());
                }
            }
            case "Split" -> preTokenizer = preTokenizer.then(splitStep(step));
            case "Digits" ->
                preTokenizer = preTokenizer.then(
                        PreTokenizer.digits(step.path("individual_digits").asBoolean(false)));
            default -> problems.add("pre_tokenizer " + type + " (supported: ByteLevel, Split, Digits, Sequence)");
        }
    }

    private PreTokenizer splitStep(JsonNode step) {
        JsonNode given = step.path("pattern");
        Pattern pattern = given.has("String")
                ? Pattern.compile(Pattern.quote(given.path("String").asText()))
                : SplitRegex.compile(given.path("Regex").asText());
        String name = step.path("behavior").asText("");
        for (var behavior : PreTokenizer.Behavior.values()) {
            if (behavior.name().replace("_", "").equalsIgnoreCase(name)) {
                return PreTokenizer.split(pattern, behavior, step.path("invert").asBoolean(false));
            }
        }
        problems.add("Split behavior '" + name + "'");
        return PreTokenizer.whole();
    }

    private void readPostProcessor(JsonNode node) {
        List<JsonNode> steps = new ArrayList<>();
        flatten(node, "processors", steps);
        for (JsonNode step : steps) {
            List<Integer> front = new ArrayList<>();
            List<Integer> back = new ArrayList<>();
            switch (typeOf(step)) {
                case "ByteLevel" -> {}
                case "TemplateProcessing" -> readTemplate(step, front, back);
                case "RobertaProcessing", "BertProcessing" -> {
                    front.add(step.path("cls").path(1).asInt());
                    back.add(step.path("sep").path(1).asInt());
                }
                default ->
                    problems.add(
                            "post_processor " + typeOf(step) + " (supported: ByteLevel, TemplateProcessing, Sequence)");
            }
            before.addAll(0, front);
            after.addAll(back);
        }
    }

    private void readTemplate(JsonNode step, List<Integer> front, List<Integer> back) {
        List<Integer> side = front;
        for (JsonNode piece : step.path("single")) {
            if (piece.has("Sequence")) {
                side = back;
                continue;
            }
            String token = piece.path("SpecialToken").path("id").asText();
            JsonNode ids = step.path("special_tokens").path(token).path("ids");
            if (!ids.isArray()) {
                problems.add("TemplateProcessing token '" + token + "' without ids");
            }
            for (JsonNode id : ids) {
                side.add(id.asInt());
            }
        }
    }

    private void readDecoder(JsonNode node) {
        List<JsonNode> steps = new ArrayList<>();
        flatten(node, "decoders", steps);
        if (steps.isEmpty()) {
            return;
        }
        if (steps.stream()
                .allMatch(s -> typeOf(s).equals("ByteLevel") || typeOf(s).equals("Fuse"))) {
            decoder = TokenDecoder.byteLevel();
            return;
        }
        List<String[]> replacements = new ArrayList<>();
        boolean bytes = false;
        String strip = "";
        int count = 0;
        for (JsonNode step : steps) {
            switch (typeOf(step)) {
                case "Replace" ->
                    replacements.add(new String[] {
                        step.path("pattern").path("String").asText(),
                        step.path("content").asText()
                    });
                case "ByteFallback" -> bytes = true;
                case "Fuse" -> {}
                case "Strip" -> {
                    strip = step.path("content").asText();
                    count = step.path("start").asInt();
                    if (step.path("stop").asInt() != 0) {
                        problems.add("decoder Strip with stop (not supported)");
                    }
                }
                default ->
                    problems.add(
                            "decoder " + typeOf(step) + " (supported: ByteLevel, Replace, ByteFallback, Fuse, Strip)");
            }
        }
        decoder = TokenDecoder.pieces(replacements, bytes, strip, count);
    }

    private static void flatten(JsonNode node, String children, List<JsonNode> out) {
        if (typeOf(node).equals("Sequence")) {
            node.path(children).forEach(child -> flatten(child, children, out));
        } else if (!typeOf(node).isEmpty()) {
            out.add(node);
        }
    }

    private static String typeOf(JsonNode node) {
        return node.isObject() ? node.path("type").asText("?") : "";
    }
}
