package org.portbouncer.launcher.manual;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * Completion for bash, which needs no package of functions beside it. Of the words before the
 * cursor it finds the command; what may come next stands in tables.
 */
final class BashCompletion {

  private static final String HEAD =
      """
      # Completion of bouncer for bash; made by the build, of what `bouncer --help` is made of.
      _bouncer() {
        local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=bouncer at=0 i word
        # --option=value comes as three words.
        [ "$cur" != = ] || cur=
        [ "$prev" != = ] || prev=${COMP_WORDS[COMP_CWORD - 2]}
        for ((i = 1; i < COMP_CWORD; i++)); do
          word=${COMP_WORDS[i]}
          case $word in
            =) ((i++)) ;;
            -*)
              # The next word is its value.
              if [ "${COMP_WORDS[i + 1]}" != = ] && _bouncer_value "$command" "$word" >/dev/null; then ((i++)); fi
              ;;
            help) [ "$command" = bouncer ] || ((at++)) ;;
            *)
              if _bouncer_command "$command $word"; then command+=" $word"; else ((at++)); fi
              ;;
          esac
        done
        local what
        if ! what=$(_bouncer_value "$command" "$prev"); then
          case $cur in
            -*) what="words $(_bouncer_options "$command")" ;;
            *) what=$(_bouncer_argument "$command" "$at") ;;
          esac
        fi
        COMPREPLY=()
        case $what in
          files)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            ;;
          words*) mapfile -t COMPREPLY < <(compgen -W "${what#words}" -- "$cur") ;;
        esac
      }
      """;

  private BashCompletion() {}

  /** Writes it. */
  static String of(CommandModel root) {
    StringBuilder commands = new StringBuilder();
    StringBuilder options = new StringBuilder();
    StringBuilder values = new StringBuilder();
    StringBuilder arguments = new StringBuilder();
    root.each(
        command -> {
          if (command.spec().parent() != null) {
            commands.append(commands.isEmpty() ? "" : " | ").append(quoted(command.words()));
          }
          options.append(
              entry(quoted(command.words()), "echo " + quoted(names(command.options().stream()))));
          for (OptionSpec option : command.options()) {
            if (option.arity().min() > 0) { // one that may be left out comes with an equals sign
              for (String name : option.names()) {
                values.append(
                    entry(quoted(command.words() + " " + name), "echo " + quoted(kind(option))));
              }
            }
          }
          arguments(command, arguments);
        });
    return HEAD
        + function("command", "\"$1\"", entry(commands.toString(), "return 0"), "return 1")
        + function("options", "$1", options.toString(), "")
        + function("value", "\"$1 $2\"", values.toString(), "return 1")
        + function("argument", "\"$1 $2\"", arguments.toString(), "")
        + "complete -F _bouncer bouncer\n";
  }

  private static void arguments(CommandModel command, StringBuilder into) {
    List<CommandModel> below = command.commands();
    if (!below.isEmpty()) {
      String help = command.spec().parent() == null ? " help" : "";
      String names = below.stream().map(CommandModel::name).collect(Collectors.joining(" "));
      into.append(entry(quoted(command.words() + " 0"), "echo " + quoted("words " + names + help)));
    }
    for (PositionalParamSpec each : command.positionals()) {
      if (!kind(each).equals("nothing")) {
        String where = command.words() + " " + each.index().min();
        into.append(entry(quoted(where), "echo " + quoted(kind(each))));
      }
    }
  }

  private static String kind(ArgSpec argument) {
    List<String> candidates = CommandModel.candidates(argument);
    if (!candidates.isEmpty()) {
      return "words " + String.join(" ", candidates);
    }
    return CommandModel.isFile(argument) ? "files" : "nothing";
  }

  private static String names(Stream<OptionSpec> options) {
    return options.flatMap(option -> Stream.of(option.names())).collect(Collectors.joining(" "));
  }

  private static String function(String name, String of, String cases, String otherwise) {
    String last = otherwise.isEmpty() ? "" : entry("*", otherwise);
    return "_bouncer_" + name + "() {\n  case " + of + " in\n" + cases + last + "  esac\n}\n";
  }

  private static String entry(String pattern, String does) {
    return "    " + pattern + ") " + does + " ;;\n";
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
