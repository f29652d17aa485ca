package io.torrefy.posttrain;

import java.util.ArrayList;
import java.util.List;

/// A line of styled pieces that ends where the terminal does.
final class StyledLine {
    private final int width;
    private final List<String> pieces = new ArrayList<>();
    private final List<String> styles = new ArrayList<>();
    private int length;

    StyledLine(int width) {
        this.width = width;
    }

    StyledLine add(String text, String style) {
        int room = Math.max(0, width - length);
        pieces.add(text.substring(0, Math.min(room, text.length())));
        styles.add(style);
        length += pieces.getLast().length();
        return this;
    }

    int length() {
        return length;
    }

    String render(boolean color) {
        var line = new StringBuilder();
        for (int i = 0; i < pieces.size(); i++) {
            boolean styled = color && !styles.get(i).isEmpty() && !pieces.get(i).isEmpty();
            line.append(styled ? "\u001b[" + styles.get(i) + "m" + pieces.get(i) + "\u001b[0m" : pieces.get(i));
        }
        return line.toString();
    }
}
