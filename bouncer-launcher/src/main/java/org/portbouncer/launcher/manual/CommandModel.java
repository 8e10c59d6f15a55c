package org.portbouncer.launcher.manual;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** What man pages and completion need to know of a command, from the model that help is made of. */
record CommandModel(CommandSpec spec) {

  /** This one and all below it that help shows, each before its own. */
  List<CommandModel> all() {
    List<CommandModel> all = new ArrayList<>(List.of(this));
    commands().forEach(command -> all.addAll(command.all()));
    return all;
  }

  /** Likewise. */
  void each(Consumer<CommandModel> consumer) {
    all().forEach(consumer);
  }

  /** Those directly below it that help shows. */
  List<CommandModel> commands() {
    return spec.subcommands().values().stream()
        .map(line -> new CommandModel(line.getCommandSpec()))
        .filter(command -> !command.spec.usageMessage().hidden())
        .toList();
  }

  /** As it is typed: "bouncer acl test". */
  String words() {
    return spec.qualifiedName();
  }

  /** The last of the words. */
  String name() {
    return spec.name();
  }

  /** Its man page: "bouncer-acl-test". */
  String page() {
    return words().replace(' ', '-');
  }

  /** What it does, one sentence or several. */
  List<String> description() {
    return described(spec.usageMessage().description());
  }

  List<OptionSpec> options() {
    return spec.options().stream().filter(option -> !option.hidden()).toList();
  }

  List<PositionalParamSpec> positionals() {
    List<PositionalParamSpec> all = new ArrayList<>(spec.positionalParameters());
    all.removeIf(ArgSpec::hidden);
    return all;
  }

  static List<String> description(ArgSpec argument) {
    return described(argument.description());
  }

  /** Without what picocli's own format takes for a sign of its own. */
  private static List<String> described(String... lines) {
    return Arrays.stream(lines).map(line -> line.replace("%%", "%")).toList();
  }

  /** Whether an option takes a value. */
  static boolean takesValue(OptionSpec option) {
    return option.arity().max() > 0;
  }

  /** What may be written for it, where that is one of a few words. */
  static List<String> candidates(ArgSpec argument) {
    Iterable<String> all = argument.completionCandidates();
    return all == null ? List.of() : StreamSupport.stream(all.spliterator(), false).toList();
  }

  /** Whether it is a file's name. */
  static boolean isFile(ArgSpec argument) {
    Class<?> type = argument.type();
    return type == java.nio.file.Path.class || argument.paramLabel().equals("DIR");
  }
}
