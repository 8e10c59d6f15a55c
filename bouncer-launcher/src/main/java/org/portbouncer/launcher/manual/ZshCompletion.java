package org.portbouncer.launcher.manual;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Completion for zsh: a function for each command, with what its help says beside each choice. */
final class ZshCompletion {

  private final StringBuilder text = new StringBuilder();

  private ZshCompletion() {}

  /** Writes it. */
  static String of(CommandModel root) {
    ZshCompletion all = new ZshCompletion();
    all.text.append("#compdef bouncer\n");
    all.text.append("# Made by the build, of what `bouncer --help` is made of.\n\n");
    root.each(all::function);
    all.text.append("_bouncer \"$@\"\n");
    return all.text.toString();
  }

  private static String function(String words) {
    return "_" + words.replace(' ', '_').replace('-', '_');
  }

  private void function(CommandModel command) {
    List<CommandModel> below = command.commands();
    text.append(function(command.words())).append("() {\n");
    List<String> specs = new ArrayList<>();
    command.options().forEach(option -> specs.add(spec(option)));
    command.positionals().forEach(each -> specs.add(spec(each)));
    if (!below.isEmpty()) {
      text.append("  local curcontext=$curcontext state line\n  typeset -A opt_args\n");
      specs.add("'1: :->command'");
      specs.add("'*:: :->arguments'");
    }
    text.append("  _arguments -C");
    specs.forEach(spec -> text.append(" \\\n    ").append(spec));
    text.append('\n');
    if (!below.isEmpty()) {
      choices(command, below);
    }
    text.append("}\n\n");
  }

  private void choices(CommandModel command, List<CommandModel> below) {
    text.append("  case $state in\n    command)\n      local -a commands=(\n");
    for (CommandModel each : below) {
      String entry = each.name() + ":" + first(each.description());
      text.append("        ").append(quoted(entry)).append('\n');
    }
    text.append("      )\n      _describe -t commands command commands\n      ;;\n");
    text.append("    arguments)\n      case $words[1] in\n");
    for (CommandModel each : below) {
      text.append("        ").append(each.name()).append(") ");
      text.append(function(each.words())).append(" ;;\n");
    }
    if (command.spec().parent() == null) {
      text.append("        help) _bouncer ;;\n");
    }
    text.append("      esac\n      ;;\n  esac\n");
  }

  private static String spec(OptionSpec option) {
    String[] names = option.names();
    String said = "[" + escape(first(CommandModel.description(option))) + "]";
    String value = "";
    String mark = "";
    if (CommandModel.takesValue(option)) {
      // A value that may be left out comes with an equals sign alone.
      boolean must = option.arity().min() > 0;
      mark = must ? "=" : "=-";
      value = (must ? ":" : "::") + action(option);
    }
    if (names.length == 1) {
      return quoted(names[0] + mark + said + value);
    }
    List<String> each = new ArrayList<>();
    for (String name : names) {
      each.add(name.startsWith("--") || mark.isEmpty() ? name + mark : name + "+");
    }
    return quoted("(" + String.join(" ", names) + ")")
        + "{"
        + String.join(",", each)
        + "}"
        + quoted(said + value);
  }

  private static String spec(PositionalParamSpec each) {
    boolean many = each.arity().max() > 1;
    String where = many ? "*" : Integer.toString(each.index().min() + 1);
    String optional = !many && each.arity().min() == 0 ? "::" : ":";
    return quoted(where + optional + action(each));
  }

  private static String action(ArgSpec argument) {
    String label = escape(argument.paramLabel());
    List<String> candidates = CommandModel.candidates(argument);
    if (!candidates.isEmpty()) {
      return label + ":(" + String.join(" ", candidates) + ")";
    }
    return label + (CommandModel.isFile(argument) ? ":_files" : ": ");
  }

  private static String first(List<String> description) {
    return description.isEmpty() ? "" : description.getFirst();
  }

  /** Signs that end a part of a specification stand for themselves. */
  private static String escape(String text) {
    return text.replaceAll("([\\[\\]:\\\\])", "\\\\$1");
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
