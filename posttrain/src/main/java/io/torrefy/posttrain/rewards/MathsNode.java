package io.torrefy.posttrain.rewards;

import io.torrefy.posttrain.Rational;
import java.util.List;

/// What an answer says, as a tree.
sealed interface MathsNode {
    /// A number written out.
    ///
    /// @param decimals digits after the point; 0 where there is no point
    record Num(Rational value, int decimals) implements MathsNode {}

    /// A variable, or one of the constants π, e and ∞.
    record Sym(String name) implements MathsNode {
        static final String PI = "\\pi";
        static final String E = "e";
        static final String INFINITY = "\\infty";

        boolean isConstant() {
            return name.equals(PI) || name.equals(E) || name.equals(INFINITY);
        }
    }

    /// An operation on numbers.
    record Op(Kind kind, List<MathsNode> args) implements MathsNode {
        enum Kind {
            ADD,
            SUBTRACT,
            MULTIPLY,
            DIVIDE,
            POWER,
            /// Of a radicand and an index.
            ROOT,
            NEGATE,
            ABSOLUTE,
            FACTORIAL,
            /// A whole number and a fraction next to each other.
            MIXED,
            PERCENT,
            /// Of one or two: both signs.
            PLUS_MINUS
        }

        static Op of(Kind kind, MathsNode... args) {
            return new Op(kind, List.of(args));
        }
    }

    /// A function of one argument; a logarithm has its base first.
    record Call(String function, List<MathsNode> args) implements MathsNode {}

    /// Two or more in brackets, in order: a tuple, a point, an interval.
    record Tuple(char open, char close, List<MathsNode> items) implements MathsNode {}

    /// Several without order: a set in braces, or a list.
    record Several(boolean braces, List<MathsNode> items) implements MathsNode {}

    /// A union of intervals and sets.
    record Union(List<MathsNode> parts) implements MathsNode {}

    /// A chain such as `1 < x \le 3`, with one operator fewer than sides.
    record Relation(List<String> operators, List<MathsNode> sides) implements MathsNode {}

    record Matrix(List<List<MathsNode>> rows) implements MathsNode {}

    /// A number with a unit.
    record Measured(MathsNode number, Units unit) implements MathsNode {}
}
