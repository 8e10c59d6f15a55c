package org.portbouncer.launcher.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.portbouncer.config.LoadResult;
import org.portbouncer.launcher.ServerRunner;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

/** {@code bouncer start}: becomes the mother, in the foreground. */
@Command(name = "start", description = "Run the server in the foreground.")
final class StartCommand implements Callable<Integer> {

  private final Console console;
  private final ServerRunner server;

  @ParentCommand private BouncerCommand root;

  @Mixin private ConfigFile file;

  StartCommand(Console console, ServerRunner server) {
    this.console = console;
    this.server = server;
  }

  @Override
  public Integer call() throws CommandException {
    return start(console, server, file.path(), root.debug);
  }

  /** Whether these words say {@code start -c FILE} and nothing else. */
  static boolean isPlain(String... args) {
    return args.length == 3
        && args[0].equals("start")
        && (args[1].equals("-c") || args[1].equals("--config"))
        && !args[2].startsWith("-")
        && !args[2].isEmpty();
  }

  /** Serves until stopped; returns the exit code. */
  static int start(Console console, ServerRunner server, Path file, boolean debug)
      throws CommandException {
    server.prepare(file);
    LoadResult loaded;
    try {
      loaded = ConfigProblems.loadForServer(console, file);
    } catch (CommandException | RuntimeException | Error e) {
      server.abandon();
      throw e;
    }
    return server.run(loaded, debug);
  }
}
