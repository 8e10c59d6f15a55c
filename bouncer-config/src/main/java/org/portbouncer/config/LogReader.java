package org.portbouncer.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.LogSettings;
import org.portbouncer.core.config.Nearest;

/** Reads what is logged, and where. Runs in the mother and in commands. */
final class LogReader {

  private static final String FILE = "file:";

  /** Above all packages of the program. */
  private static final String PROGRAM = "org.portbouncer";

  private static final Set<String> STAGES = WorkersReader.stages();

  static final Keys KEYS = new Keys("log");

  private static final Form<String> LEVELS =
      Form.choice(
          Map.entry("error", "error"),
          Map.entry("warn", "warn"),
          Map.entry("info", "info"),
          Map.entry("debug", "debug"),
          Map.entry("trace", "trace"));

  private static final ConfigKey<String> LEVEL =
      KEYS.withDefault("level", LEVELS, "info", "the server's own log");

  private static final ConfigKey<String> LEVEL_OF =
      KEYS.optional(
          "levels.NAME",
          new Form<>("as `log.level`", LEVELS.reader()),
          "`log.level`",
          "of a stage's workers (`io`), or of a package or class of the mother's, in quotes");

  private static final ConfigKey<Configuration.AccessLog> TO =
      KEYS.withDefault(
          "access.to",
          new Form<>("`stdout`, `file:PATH`, `syslog` or `none`", LogReader::accessTo),
          "stdout",
          "where the access log goes");

  private static final ConfigKey<String> SYSLOG =
      KEYS.withDefault(
          "access.syslog",
          new Form<>("path", (text, where) -> EndpointParser.socketPath(text, where.directory())),
          "/dev/log",
          "the socket of the syslog daemon, for `syslog`");

  private static final ConfigKey<Boolean> JSON =
      KEYS.withDefault(
          "access.format",
          Form.choice(Map.entry("logfmt", false), Map.entry("json", true)),
          "logfmt",
          "the form of its lines");

  private LogReader() {}

  static LogSettings read(Section log) {
    String level = log.read(LEVEL);
    List<LogSettings.NamedLevel> levels = levels(log.section("levels"));
    return new LogSettings(level, levels, access(log.section("access")));
  }

  private static List<LogSettings.NamedLevel> levels(Section section) {
    List<LogSettings.NamedLevel> levels = new ArrayList<>();
    for (String name : section.keysInOrder()) {
      String wrong = wrong(section, name);
      if (wrong != null) {
        section.problems().error(section.whereOf(name), wrong);
        continue;
      }
      String level = section.readNamed(LEVEL_OF, name, LEVEL_OF.reader());
      if (level != null) {
        levels.add(new LogSettings.NamedLevel(name, level));
      }
    }
    return List.copyOf(levels);
  }

  /** What is wrong with the name; null for nothing. */
  private static String wrong(Section section, String name) {
    if (STAGES.contains(name) || name.equals(PROGRAM) || name.startsWith(PROGRAM + ".")) {
      return null;
    }
    if (section.isBlock(name)) {
      return "log.levels."
          + name
          + ": a name with dots needs quotes, as in \""
          + PROGRAM
          + ".launcher.mother\" = debug";
    }
    return "log.levels: '"
        + name
        + "' is neither a stage nor a package of "
        + PROGRAM
        + Nearest.hint(name, STAGES);
  }

  private static Configuration.AccessLog access(Section access) {
    Configuration.AccessLog to = access.read(TO);
    String daemon = access.read(SYSLOG);
    Boolean json = access.read(JSON);
    String path = to.to() == Configuration.AccessLog.Sink.SYSLOG ? daemon : to.path();
    return new Configuration.AccessLog(to.to(), path, json);
  }

  /** The sink, and the path of a file; the rest is added later. */
  private static Configuration.AccessLog accessTo(String text, Where where) {
    if (text.startsWith(FILE)) {
      String path = EndpointParser.path(text.substring(FILE.length()), where.directory());
      return new Configuration.AccessLog(Configuration.AccessLog.Sink.FILE, path, false);
    }
    return switch (text) {
      case "stdout" -> sink(Configuration.AccessLog.Sink.STDOUT);
      case "syslog" -> sink(Configuration.AccessLog.Sink.SYSLOG);
      case "none" -> sink(Configuration.AccessLog.Sink.NONE);
      default ->
          throw new InvalidValueException(
              "'" + text + "' is not one of stdout, file:/path, syslog, none");
    };
  }

  private static Configuration.AccessLog sink(Configuration.AccessLog.Sink sink) {
    return new Configuration.AccessLog(sink, "", false);
  }
}
