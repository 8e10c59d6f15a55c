package org.portbouncer.launcher.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.portbouncer.core.sys.Printable;
import org.portbouncer.launcher.admin.AdminClient;
import org.portbouncer.launcher.admin.Requests;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bouncer reload}: has the server read its configuration again, and shows the outcome. */
@Command(
    name = "reload",
    description =
        "Read the configuration again and put it in force; wait for the outcome. What is wrong with"
            + " it is printed, and nothing changes.")
final class ReloadCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private ServerOptions server;

  @Option(names = "--recheck", description = "End live sessions that the new ACLs block.")
  private boolean recheck;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description =
          "Give up waiting after this time (exit code 4; default ${DEFAULT-VALUE}); the server goes"
              + " on reloading.")
  private long timeoutSeconds;

  ReloadCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws CommandException {
    Map<?, ?> answer = ServerOptions.object(ask());
    if (answer.get("problems") instanceof List<?> problems) {
      problems.forEach(problem -> console.err().println(Printable.of(String.valueOf(problem))));
    }
    if (answer.get("error") != null) {
      throw ServerOptions.refusal(answer);
    }
    console.out().println(Printable.of(String.valueOf(answer.get("message"))));
    return ExitCode.DONE;
  }

  private String ask() throws CommandException {
    try (AdminClient client = server.connect(Duration.ofSeconds(timeoutSeconds))) {
      return client.ask(Requests.reload(recheck));
    } catch (IOException e) {
      throw ServerOptions.failure(e);
    }
  }
}
