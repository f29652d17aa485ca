package io.torrefy.export.processor;

import io.torrefy.export.Exported;
import javax.lang.model.element.Element;
import javax.lang.model.element.TypeElement;

/// An exported element as the compiler has it, and as the index will have it.
///
/// @param owner the type that exports it; the element itself may be inherited from a supertype that is not public
record Found(Element element, TypeElement owner, Exported exported) {}
