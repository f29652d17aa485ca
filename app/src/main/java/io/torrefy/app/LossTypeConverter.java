package io.torrefy.app;

import io.torrefy.export.ExportException;
import io.torrefy.export.ExportRegistry;
import io.torrefy.posttrain.GrpoLoss;
import java.util.Arrays;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Reads `--loss`: a type's own name in any case, or its exported name, `posttrain.losses.dapo`.
final class LossTypeConverter implements ITypeConverter<GrpoLoss.LossType> {
    @Override
    public GrpoLoss.LossType convert(String value) {
        if (!value.contains(".")) {
            return Arrays.stream(GrpoLoss.LossType.values())
                    .filter(type -> type.name().equalsIgnoreCase(value))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException("expected one of "
                            + Arrays.toString(GrpoLoss.LossType.values()) + ", or an exported name; got " + value));
        }
        try {
            return ExportRegistry.standard().instantiate(value, GrpoLoss.LossType.class);
        } catch (ExportException e) {
            throw new TypeConversionException(String.valueOf(e.getMessage()));
        }
    }
}
