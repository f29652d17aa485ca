package io.torrefy.posttrain;

import io.torrefy.export.Export;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import java.util.Optional;

/// Something is wrong with a run's folder: it is taken, full, read-only or not what was asked for. The message is
/// made to be shown to a user as it is.
@Export(value = "posttrain.RunException", since = "0.1")
public final class RunException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    /// A problem with the folder itself.
    public RunException(String message) {
        super(message, new IOException(message));
    }

    private RunException(String message, IOException cause) {
        super(message, cause);
    }

    /// `[run] could not WHAT: REASON. Hint: ...`, with a hint made for the reason.
    static RunException of(String what, IOException cause) {
        var reason = reason(cause);
        return new RunException("[run] could not " + what + ": " + reason + "." + hint(reason), cause);
    }

    private static String reason(IOException e) {
        return switch (e) {
            case AccessDeniedException denied -> denied.getFile() + ": permission denied";
            case NoSuchFileException missing -> missing.getFile() + ": no such file or folder";
            case FileSystemException other when other.getReason() != null -> other.getFile() + ": " + other.getReason();
            default -> Optional.ofNullable(e.getMessage()).orElse(e.getClass().getSimpleName());
        };
    }

    private static String hint(String reason) {
        var text = reason.toLowerCase(Locale.ROOT);
        if (text.contains("no space") || text.contains("not enough space") || text.contains("quota")) {
            return " Nothing written before is lost. Hint: free some space, then continue with --resume.";
        }
        if (text.contains("permission denied") || text.contains("read-only")) {
            return " Hint: the run needs a folder it may write to; choose one with --out.";
        }
        return "";
    }
}
