package org.portbouncer.launcher.cli;

import java.util.concurrent.Callable;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.launcher.admin.RateText;
import org.portbouncer.launcher.admin.Requests;
import org.portbouncer.launcher.view.Answer;
import org.portbouncer.launcher.view.Units;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code bouncer limit}: changes a bandwidth class of the running server. */
@Command(
    name = "limit",
    description =
        "Change what a bandwidth class allows now, for live sessions too, until the next reload;"
            + " print what is in force then.")
final class LimitCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private ServerOptions server;

  @Parameters(paramLabel = "CLASS", description = "The class, by its name under 'bandwidth'.")
  private String name;

  @ArgGroup(exclusive = false, multiplicity = "1")
  private Rates rates;

  @Option(names = "--json", description = "Print the server's answer as it is.")
  private boolean json;

  /** What to change: one of them at least. */
  static final class Rates {

    @Option(
        names = "--up",
        paramLabel = "RATE",
        converter = Checked.class,
        description = "From clients to targets, as in '1 MiB/s' or 8Mbit/s; 'none' for no limit.")
    private String up;

    @Option(
        names = "--down",
        paramLabel = "RATE",
        converter = Checked.class,
        description = "From targets to clients, likewise.")
    private String down;
  }

  /** Refuses what is no rate before a server is asked; passes it on as it was written. */
  static final class Checked implements ITypeConverter<String> {

    @Override
    public String convert(String value) {
      try {
        RateText.bytesPerSecond(value);
        return value;
      } catch (InvalidValueException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  LimitCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws CommandException {
    String answer = server.ask(Requests.limit(name, rates.up, rates.down));
    if (json) {
      console.out().println(answer);
      return ExitCode.DONE;
    }
    Answer limit = new Answer(ServerOptions.object(answer));
    console
        .out()
        .printf(
            "%s: up %s, down %s, burst %s, shared by %s; until the next reload%n",
            limit.text("class"),
            Units.rate(limit.number("up")),
            Units.rate(limit.number("down")),
            Units.bytes(limit.number("burst")),
            limit.text("shared_by"));
    return ExitCode.DONE;
  }
}
