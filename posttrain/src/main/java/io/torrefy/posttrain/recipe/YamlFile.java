package io.torrefy.posttrain.recipe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/// A YAML 1.2 file as values by dotted keys: `loss: {beta: 0.1}` is `loss.beta`. Values are kept as they are written,
/// so that the schema alone decides what `1e-5` or `no` means.
final class YamlFile {
    private final Map<String, Written> values = new LinkedHashMap<>();
    private final List<String> problems;

    private YamlFile(List<String> problems) {
        this.problems = problems;
    }

    /// @param problems receives what cannot be a recipe
    static Map<String, Written> read(String text, List<String> problems) {
        YamlFile file = new YamlFile(problems);
        try {
            Optional<Node> root = new Compose(LoadSettings.builder().build()).composeString(text);
            root.ifPresent(node -> file.root(node));
        } catch (MarkedYamlEngineException e) {
            problems.add(place(e.getProblemMark()) + ": " + e.getProblem());
        } catch (YamlEngineException e) {
            problems.add(String.valueOf(e.getMessage()));
        }
        return file.values;
    }

    private void root(Node node) {
        if (node instanceof MappingNode mapping) {
            mapping("", mapping);
        } else if (!node.getTag().equals(Tag.NULL)) {
            problems.add(place(node.getStartMark()) + ": expected keys with values, 'key: value'");
        }
    }

    private void mapping(String prefix, MappingNode node) {
        for (NodeTuple entry : node.getValue()) {
            if (!(entry.getKeyNode() instanceof ScalarNode key)) {
                problems.add(place(entry.getKeyNode().getStartMark()) + ": expected a plain key");
                continue;
            }
            value(prefix + key.getValue(), place(key.getStartMark()), entry.getValueNode());
        }
    }

    private void value(String key, String place, Node node) {
        switch (node) {
            case MappingNode mapping -> mapping(key + ".", mapping);
            case SequenceNode sequence -> put(key, sequence(key, place, sequence));
            case ScalarNode scalar
            when scalar.getTag().equals(Tag.NULL) ->
                problems.add(place + ": " + key + ": expected a value. Hint: leave the key out for its default");
            case ScalarNode scalar -> put(key, Written.one(scalar.getValue(), place));
            default -> problems.add(place + ": " + key + ": expected a value, a list or keys");
        }
    }

    private Written sequence(String key, String place, SequenceNode node) {
        List<String> texts = new ArrayList<>();
        for (Node item : node.getValue()) {
            if (item instanceof ScalarNode scalar) {
                texts.add(scalar.getValue());
            } else {
                problems.add(place(item.getStartMark()) + ": " + key + ": expected a list of plain values");
            }
        }
        return new Written(texts, true, place);
    }

    private void put(String key, Written value) {
        Written first = values.putIfAbsent(key, value);
        if (first != null) {
            problems.add(value.place() + ": " + key + ": expected once; it stands in " + first.place() + " too");
        }
    }

    private static String place(Optional<Mark> mark) {
        return mark.map(m -> "line " + (m.getLine() + 1)).orElse("somewhere");
    }
}
