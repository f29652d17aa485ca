package io.torrefy.app;

import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command line's entry. Each subcommand is a class of its own, listed in the annotation below.
///
/// Exit codes: 0 done, 1 failed, 2 bad usage.
@Command(
        name = "torrefy",
        description = "Trains, post-trains and runs language models on the JVM.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            R1ZeroCommand.class,
            GrpoCommand.class,
            PipelineCommand.class,
            SeedsCommand.class,
            PpoCommand.class,
            RlooCommand.class,
            OnlineDpoCommand.class,
            DistillCommand.class,
            SftCommand.class,
            RewardCommand.class,
            DpoCommand.class,
            KtoCommand.class,
            PretrainCommand.class,
            GenerateCommand.class,
            ChatCommand.class,
            EvalCommand.class,
            SampleCommand.class,
            RlCommand.class,
            ParityCommand.class,
            RecordsCommand.class,
            ColumnsCommand.class,
            DoctorCommand.class,
            ApiCommand.class,
            CommandLine.HelpCommand.class
        })
public final class Main implements Runnable {
    @Spec
    private CommandSpec spec;

    /// Runs one command and ends the process with its exit code.
    public static void main(String[] args) {
        Console.eraseIncubatorWarning();
        System.exit(commandLine().execute(args));
    }

    /// The whole command line, for [#main] and for tests, which set its writers with [CommandLine#setOut].
    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true)
                .setExecutionExceptionHandler(Main::report);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }

    /// Says what went wrong in one line. An exception that nobody worded for a user is a defect, and shows its
    /// trace; so does every one where the environment variable `TORREFY_STACKTRACE` is set.
    private static int report(Exception thrown, CommandLine command, CommandLine.ParseResult arguments) {
        PrintWriter err = command.getErr();
        String message = message(thrown);
        boolean defect = message == null
                || thrown instanceof NullPointerException
                || thrown instanceof ClassCastException
                || thrown instanceof IndexOutOfBoundsException;
        err.println("torrefy: " + (message == null ? thrown.getClass().getName() : message));
        if (defect || System.getenv("TORREFY_STACKTRACE") != null) {
            thrown.printStackTrace(err);
        }
        err.flush();
        return command.getCommandSpec().exitCodeOnExecutionException();
    }

    /// What the exception says. Those of the file system say only which file, so what is the matter comes first.
    private static @Nullable String message(Exception thrown) {
        String what = switch (thrown) {
            case NoSuchFileException _ -> "expected a file; there is none: ";
            case FileAlreadyExistsException _ -> "expected no file; there is one: ";
            case AccessDeniedException _ -> "expected a file that may be opened; access was denied: ";
            case DirectoryNotEmptyException _ -> "expected an empty directory: ";
            default -> "";
        };
        return what.isEmpty() ? thrown.getMessage() : what + thrown.getMessage();
    }

    /// The version that the build wrote into the module descriptor.
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            var descriptor = Main.class.getModule().getDescriptor();
            String version =
                    descriptor == null ? "" : " " + descriptor.rawVersion().orElse("");
            return new String[] {"torrefy" + version, "Java ${java.version} (${java.vendor})"};
        }
    }
}
