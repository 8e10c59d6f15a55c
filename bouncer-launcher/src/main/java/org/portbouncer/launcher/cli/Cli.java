package org.portbouncer.launcher.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.portbouncer.core.config.Nearest;
import org.portbouncer.core.sys.Printable;
import org.portbouncer.launcher.ServerRunner;
import org.portbouncer.launcher.Version;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/**
 * The command line: finds the command, runs it in this process and turns whatever it throws into
 * one line on standard error and an exit code.
 */
public final class Cli {

  private final Results results;
  private final Console console;
  private final ServerRunner server;

  /**
   * @param out standard output
   * @param err standard error
   * @param environment NO_COLOR and TERM are looked at
   * @param terminal whether standard output is one
   * @param server what {@code start} runs
   */
  public Cli(
      Results out,
      PrintStream err,
      Map<String, String> environment,
      boolean terminal,
      ServerRunner server) {
    this.results = out;
    this.console = new Console(out, err, terminal, terminal && mayColour(environment));
    this.server = server;
  }

  /** Runs one command and returns its exit code; never throws. */
  public int run(String... args) {
    try {
      // What service managers say: to have it read by picocli takes a tenth of the time until
      // ready.
      String[] words = helpFor(args);
      int code = StartCommand.isPlain(words) ? start(words) : commandLine(words).execute(words);
      return words.length > 0 && words[0].equals("start") ? code : written(code);
    } finally {
      console.err().flush();
    }
  }

  /**
   * The code of a command whose results have arrived; not asked of a server, which has done its
   * work whoever reads of it.
   */
  private int written(int code) {
    String loss = results.loss();
    if (loss == null) {
      return code;
    }
    console.err().println("bouncer: standard output cannot be written: " + oneLine(loss));
    return code == ExitCode.DONE ? ExitCode.REFUSED : code;
  }

  /** {@code help acl test} is {@code acl test --help}. */
  private static String[] helpFor(String... args) {
    if (args.length == 0 || !args[0].equals("help")) {
      return args;
    }
    String[] words = Arrays.copyOfRange(args, 1, args.length + 1);
    words[words.length - 1] = "--help";
    return words;
  }

  private int start(String... args) {
    try {
      return StartCommand.start(console, server, Path.of(args[2]), false);
    } catch (CommandException | RuntimeException e) {
      return failed(e, false);
    }
  }

  /**
   * Builds what this run needs: reading the annotations of all commands takes longer than most of
   * them run. Help, and a word that is no command, get all.
   */
  private CommandLine commandLine(String... args) {
    BouncerCommand root = new BouncerCommand();
    CommandLine line = new CommandLine(root);
    Map<String, Supplier<Object>> commands = commands();
    if (args.length > 0 && commands.containsKey(args[0])) {
      line.addSubcommand(commands.get(args[0]).get());
    } else {
      commands.values().forEach(command -> line.addSubcommand(command.get()));
    }
    line.getCommandSpec().version("bouncer " + Version.text());
    line.setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8));
    line.setColorScheme(CommandLine.Help.defaultColorScheme(console.colour() ? Ansi.ON : Ansi.OFF));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setParameterExceptionHandler(this::wrongUsage);
    line.setExecutionExceptionHandler((e, failed, parsed) -> failed(e, root.debug));
    return line;
  }

  /** All commands by name, in the order in which help shows them. */
  private Map<String, Supplier<Object>> commands() {
    Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
    commands.put("start", () -> new StartCommand(console, server));
    commands.put("check", () -> new CheckCommand(console));
    commands.put("show-config", () -> new ShowConfigCommand(console));
    commands.put(
        "acl", () -> new CommandLine(new AclCommand()).addSubcommand(new AclTestCommand(console)));
    commands.put("import", () -> new ImportCommand(console));
    commands.put("status", () -> new StatusCommand(console));
    commands.put("sessions", () -> new SessionsCommand(console));
    commands.put("top", () -> new TopCommand(console));
    commands.put("kill", () -> new KillCommand(console));
    commands.put("limit", () -> new LimitCommand(console));
    commands.put("move", () -> new MoveCommand(console));
    commands.put("targets", () -> new TargetsCommand(console));
    commands.put(
        "target",
        () ->
            new CommandLine(new TargetCommand())
                .addSubcommand(new TargetModeCommand.Drain(console))
                .addSubcommand(new TargetModeCommand.Off(console))
                .addSubcommand(new TargetModeCommand.Ready(console)));
    commands.put("cluster", () -> new ClusterCommand(console));
    commands.put("reload", () -> new ReloadCommand(console));
    commands.put("upgrade", () -> new UpgradeCommand(console));
    commands.put("stop", () -> new StopCommand(console));
    commands.put(
        "bench",
        () ->
            new CommandLine(new BenchCommand())
                .addSubcommand(new BenchHopCommand(console))
                .addSubcommand(new BenchIpcCommand(console)));
    commands.put("rehearse", () -> new RehearseCommand(this::run));
    commands.put("manual", () -> new ManualCommand(this::commandLine));
    return commands;
  }

  private int wrongUsage(CommandLine.ParameterException e, String... args) {
    String text =
        e.getMessage()
            .replaceFirst("^Error: ", "") // some of picocli's begin so
            .replaceFirst(" is not an? (int|long|double)$", " is not a number");
    if (e instanceof CommandLine.UnmatchedArgumentException unmatched) {
      text = noCommand(unmatched, text);
    }
    String name = e.getCommandLine().getCommandSpec().qualifiedName();
    console.err().println(name + ": " + oneLine(text) + " (try '" + name + " --help')");
    return ExitCode.USAGE;
  }

  /** A word where a command belongs is a command that is not there. */
  private static String noCommand(CommandLine.UnmatchedArgumentException e, String otherwise) {
    String word = e.getUnmatched().isEmpty() ? "-" : e.getUnmatched().getFirst();
    List<String> known = new ArrayList<>();
    e.getCommandLine()
        .getSubcommands()
        .forEach(
            (name, line) -> {
              if (!line.getCommandSpec().usageMessage().hidden()) {
                known.add(name);
              }
            });
    return known.isEmpty() || word.startsWith("-")
        ? otherwise
        : "no command '" + word + "'" + Nearest.hint(word, known);
  }

  private int failed(Exception e, boolean debug) {
    int code = ExitCode.REFUSED;
    String text = e.getMessage();
    if (e instanceof CommandException known) {
      code = known.code();
    } else if (text == null) {
      text = e.toString();
    }
    if (text != null) {
      console.err().println("bouncer: " + oneLine(text));
    }
    if (debug) {
      e.printStackTrace(console.err());
    }
    return code;
  }

  private static String oneLine(String text) {
    return Printable.of(text.strip().replaceAll("\\s*\\R\\s*", "; "));
  }

  private static boolean mayColour(Map<String, String> environment) {
    return environment.getOrDefault("NO_COLOR", "").isEmpty()
        && !environment.getOrDefault("TERM", "dumb").equals("dumb");
  }
}
