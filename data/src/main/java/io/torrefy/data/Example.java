package io.torrefy.data;

import io.torrefy.export.Export;
import java.util.Map;

/// `tf.train.Example`: named lists of values, the usual contents of a TFRecord. Written with its keys sorted by their
/// bytes, so that equal examples are equal bytes; fields that this class does not know survive reading and writing
/// (but for those inside of a map entry, which protobuf itself drops).
///
/// Made for handling single examples; [ExampleParser] reads many into columns.
@Export(value = "data.Example", since = "0.1")
public final class Example {
    private final FeatureMap<Feature> features;
    private final byte[] unknown;

    private Example(FeatureMap<Feature> features, byte[] unknown) {
        this.features = features;
        this.unknown = unknown;
    }

    public static Example of(Map<String, Feature> features) {
        return new Example(FeatureMap.of(features), new byte[0]);
    }

    /// Reads the wire format.
    ///
    /// @throws ExampleException where it is none
    public static Example parse(byte[] bytes) {
        Wire wire = Wire.over(bytes, 0, bytes.length);
        var features = new FeatureMap.Reader<>(Feature::read);
        var unknown = new UnknownFields();
        try {
            while (wire.more()) {
                int tag = wire.tag();
                if (tag == (1 << 3 | Wire.BYTES)) {
                    features.read(wire);
                } else {
                    unknown.field(wire, tag);
                }
            }
        } catch (ExampleException e) {
            throw new ExampleException("[example] " + e.getMessage() + ".");
        }
        return new Example(features.result(), unknown.bytes());
    }

    /// The features by name, in the order of the names' bytes.
    public Map<String, Feature> features() {
        return features.entries();
    }

    /// The wire format.
    public byte[] toBytes() {
        Proto proto = new Proto();
        features.write(proto, 1, Feature::toProto);
        return proto.raw(unknown).toBytes();
    }
}
