package org.portbouncer.launcher.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import org.portbouncer.core.sys.Printable;
import org.portbouncer.launcher.importer.Imported;
import org.portbouncer.launcher.importer.Importer;
import org.portbouncer.launcher.importer.Remark;
import org.portbouncer.launcher.importer.SourceFormat;
import org.portbouncer.launcher.importer.UnreadableException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bouncer import}: another program's configuration as one of ours; needs no server. */
@Command(
    name = "import",
    description = {
      "Print a configuration that does what another program's does.",
      "Above each part stands the line it comes from. What could not be carried over is told on"
          + " standard error, FILE:LINE and what it means; nobody is let in that was not before."
    },
    footer = {
      "",
      "Exit codes: 0 all is carried over; 1 something is left, and what is printed is valid all the"
          + " same; 2 the file cannot be read, or OUT is there already."
    })
final class ImportCommand implements Callable<Integer> {

  private final Console console;

  @Parameters(
      index = "0",
      paramLabel = "FORMAT",
      description = "What reads FILE today: ${COMPLETION-CANDIDATES}.",
      completionCandidates = Formats.class)
  private SourceFormat format;

  @Parameters(index = "1", paramLabel = "FILE", description = "Its configuration.")
  private Path file;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "OUT",
      description =
          "Write there, whole or not at all, instead of to standard output; a file that is there"
              + " already stays as it is.")
  private Path out;

  @Option(names = "--force", description = "Replace OUT where it is there already.")
  private boolean force;

  ImportCommand(Console console) {
    this.console = console;
  }

  /** The formats as they are written. */
  static final class Formats extends ArrayList<String> {
    private static final long serialVersionUID = 1L;

    Formats() {
      for (SourceFormat one : SourceFormat.values()) {
        add(one.word());
      }
    }
  }

  @Override
  public Integer call() throws CommandException {
    Imported imported;
    try {
      imported = Importer.of(format, file);
    } catch (UnreadableException e) {
      e.getMessage().lines().map(Printable::of).forEach(console.err()::println);
      throw new CommandException(ExitCode.USAGE, null, e);
    }
    if (out == null) {
      console.out().print(imported.text());
    } else {
      write(imported.text());
    }
    for (Remark remark : imported.remarks()) {
      console.err().println(remark);
    }
    return imported.isWhole() ? ExitCode.DONE : ExitCode.REFUSED;
  }

  private void write(String text) throws CommandException {
    Path folder = out.toAbsolutePath().getParent();
    Path whole = folder.resolve("." + out.getFileName() + "." + ProcessHandle.current().pid());
    try {
      try {
        Files.writeString(whole, text, StandardOpenOption.CREATE_NEW);
        if (force) {
          Files.move(whole, out, StandardCopyOption.ATOMIC_MOVE);
        } else {
          Files.createLink(out, whole); // which a rename would not refuse
        }
      } finally {
        Files.deleteIfExists(whole);
      }
    } catch (FileAlreadyExistsException e) {
      throw new CommandException(
          ExitCode.USAGE, e.getFile() + " is there already and stays as it is; see --force", e);
    } catch (IOException | UnsupportedOperationException e) {
      throw new CommandException(ExitCode.USAGE, out + " cannot be written: " + e, e);
    }
  }
}
