package io.torrefy.tensor;

import io.torrefy.tensor.internal.Backend;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/// Finds the backend of a device among the installed services.
final class Backends {
    private static final ServiceLoader<Backend> SERVICES =
            ServiceLoader.load(Backend.class, Backend.class.getClassLoader());
    private static final Backend CPU = load("cpu");

    private Backends() {}

    static Backend of(Device device) {
        return device.type().equals("cpu") ? CPU : load(device.type());
    }

    private static synchronized Backend load(String type) {
        return SERVICES.stream()
                .map(ServiceLoader.Provider::get)
                .filter(backend -> backend.name().equals(type))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("[device] expected one of "
                        + SERVICES.stream().map(p -> p.get().name()).collect(Collectors.toList()) + "; got '" + type
                        + "'. Hint: is the module of that backend on the module path?"));
    }
}
