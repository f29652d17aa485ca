package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// `tf.train.SequenceExample`: features of a whole and, step by step, lists of features. As [Example] otherwise.
@Export(value = "data.SequenceExample", since = "0.1")
public final class SequenceExample {
    private final FeatureMap<Feature> context;
    private final FeatureMap<FeatureList> lists;
    private final byte[] unknown;

    private SequenceExample(FeatureMap<Feature> context, FeatureMap<FeatureList> lists, byte[] unknown) {
        this.context = context;
        this.lists = lists;
        this.unknown = unknown;
    }

    private record FeatureList(List<Feature> steps, byte[] unknown) {
        static FeatureList read(Wire wire) {
            var steps = new ArrayList<Feature>();
            var unknown = new UnknownFields();
            while (wire.more()) {
                int tag = wire.tag();
                if (tag == (1 << 3 | Wire.BYTES)) {
                    int outer = wire.limit;
                    wire.limit = wire.length() + wire.at;
                    steps.add(Feature.read(wire));
                    wire.limit = outer;
                } else {
                    unknown.field(wire, tag);
                }
            }
            return new FeatureList(List.copyOf(steps), unknown.bytes());
        }

        Proto toProto() {
            Proto proto = new Proto();
            steps.forEach(step -> proto.message(1, step.toProto()));
            return proto.raw(unknown);
        }
    }

    /// @param lists for each name the features of the steps
    public static SequenceExample of(Map<String, Feature> context, Map<String, List<Feature>> lists) {
        var wrapped = new HashMap<String, FeatureList>();
        lists.forEach((name, steps) -> wrapped.put(name, new FeatureList(List.copyOf(steps), new byte[0])));
        return new SequenceExample(FeatureMap.of(context), FeatureMap.of(wrapped), new byte[0]);
    }

    /// Reads the wire format.
    ///
    /// @throws ExampleException where it is none
    public static SequenceExample parse(byte[] bytes) {
        Wire wire = Wire.over(bytes, 0, bytes.length);
        var context = new FeatureMap.Reader<>(Feature::read);
        var lists = new FeatureMap.Reader<>(FeatureList::read);
        var unknown = new UnknownFields();
        try {
            while (wire.more()) {
                int tag = wire.tag();
                switch (tag) {
                    case 1 << 3 | Wire.BYTES -> context.read(wire);
                    case 2 << 3 | Wire.BYTES -> lists.read(wire);
                    default -> unknown.field(wire, tag);
                }
            }
        } catch (ExampleException e) {
            throw new ExampleException("[example] " + e.getMessage() + ".");
        }
        return new SequenceExample(context.result(), lists.result(), unknown.bytes());
    }

    /// The features of the whole, in the order of the names' bytes.
    public Map<String, Feature> context() {
        return context.entries();
    }

    /// The features of the steps, in the order of the names' bytes.
    public Map<String, List<Feature>> lists() {
        var steps = new TreeMap<String, List<Feature>>(FeatureMap.BY_BYTES);
        lists.entries().forEach((name, list) -> steps.put(name, list.steps));
        return steps;
    }

    /// The wire format.
    public byte[] toBytes() {
        Proto proto = new Proto();
        context.write(proto, 1, Feature::toProto);
        lists.write(proto, 2, FeatureList::toProto);
        return proto.raw(unknown).toBytes();
    }
}
