package org.portbouncer.launcher.manual;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The man page of a command. */
final class CommandPage {

  private final CommandModel command;
  private final CommandModel root;
  private final Roff page;

  private CommandPage(CommandModel root, CommandModel command, String date, String version) {
    this.root = root;
    this.command = command;
    page = new Roff(command.page(), 1, date, version);
  }

  /**
   * Writes it.
   *
   * @param root the command that all others are below
   */
  static String of(CommandModel root, CommandModel command, String date, String version) {
    return new CommandPage(root, command, date, version).write();
  }

  private String write() {
    List<String> description = command.description();
    String brief = description.getFirst().replaceFirst("(; .*|\\.)$", "");
    page.section("NAME")
        .line(
            Roff.escape(command.page())
                + " \\- "
                + Roff.escape(brief.substring(0, 1).toLowerCase(Locale.ROOT) + brief.substring(1)));
    page.section("SYNOPSIS").line(synopsis());
    page.section("DESCRIPTION");
    description.forEach(page::prose);
    list(
        "ARGUMENTS",
        command.positionals().stream()
            .filter(each -> !CommandModel.description(each).isEmpty())
            .toList());
    list("OPTIONS", command.options());
    if (!command.commands().isEmpty()) {
      page.section("COMMANDS");
      for (CommandModel each : command.commands()) {
        page.entry(reference(each.page(), 1), each.description().toArray(String[]::new));
      }
    }
    page.section("EXIT STATUS");
    page.prose(exitCodes());
    page.section("FILES")
        .entry(
            Roff.variable("/etc/bouncer/bouncer.conf"),
            "The configuration, where no other is named; see `bouncer.conf`(5).")
        .entry(
            Roff.variable("/run/bouncer/admin.sock"),
            "The admin socket of a running server, where the configuration names no other.");
    page.section("SEE ALSO").line(seeAlso());
    return page.toString();
  }

  /** What help shows, on one line. */
  private String synopsis() {
    String all = new Help(command.spec(), Help.defaultColorScheme(Ansi.OFF)).abbreviatedSynopsis();
    String full =
        new Help(command.spec(), Help.defaultColorScheme(Ansi.OFF))
            .detailedSynopsis(0, null, false);
    String text = (full.isBlank() ? all : full).strip().replaceAll("\\s+", " ");
    String words = command.words();
    return Roff.strong(words) + Roff.escape(text.substring(words.length()));
  }

  private void list(String title, List<? extends ArgSpec> arguments) {
    if (arguments.isEmpty()) {
      return;
    }
    page.section(title);
    for (ArgSpec argument : arguments) {
      page.entry(head(argument), CommandModel.description(argument).toArray(String[]::new));
    }
  }

  private static String head(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option)) {
      return Roff.variable(argument.paramLabel());
    }
    String names =
        List.of(option.names()).stream().map(Roff::strong).collect(Collectors.joining(", "));
    if (!CommandModel.takesValue(option)) {
      return names;
    }
    String value = "=" + Roff.variable(option.paramLabel());
    return names + (option.arity().min() == 0 ? "[" + value + "]" : value);
  }

  /** Help says it of all commands together, and a command itself where it means something else. */
  private String exitCodes() {
    return String.join(" ", root.spec().usageMessage().footer())
        .strip()
        .replaceFirst("^Exit codes: ", "");
  }

  private String seeAlso() {
    StringBuilder all = new StringBuilder();
    if (command.spec().parent() != null) {
      all.append(reference(new CommandModel(command.spec().parent()).page(), 1)).append(", ");
    }
    return all.append(reference("bouncer.conf", 5)).toString();
  }

  private static String reference(String name, int section) {
    return Roff.strong(name) + "(" + section + ")";
  }
}
