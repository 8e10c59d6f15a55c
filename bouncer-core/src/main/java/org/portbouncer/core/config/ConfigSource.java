package org.portbouncer.core.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigResolver;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.io.FileNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parses one HOCON file with what it includes, and resolves its substitutions from itself and the
 * environment: no reference.conf, no system properties. Runs in the mother and in commands.
 */
final class ConfigSource {

  /** The origin of what stands in for a substitution that could not be resolved. */
  static final String UNRESOLVED = "unresolved substitution";

  private static final int MOST_UNRESOLVED = 100;
  private static final Pattern SUBSTITUTION = Pattern.compile("\\$\\{\\??([^}]*)\\}");

  private final Path given;
  private final Path main;
  private final Problems problems;

  /** The tree before substitution, which knows the line of values that come from elsewhere. */
  private ConfigObject unresolved;

  ConfigSource(Path given, Problems problems) {
    this.given = given;
    this.main = given.toAbsolutePath().normalize();
    this.problems = problems;
  }

  /** The resolved tree, or null when there is none; then {@link Problems} says why. */
  ConfigObject load() {
    String unreadable = unreadable(main);
    if (unreadable != null) {
      problems.error(mainFile(0), "cannot be read: " + unreadable);
      return null;
    }
    Includes includes =
        new Includes(
            main,
            (file, line, what) ->
                problems.warn(
                    whereOf(file, line), "the included file '" + what + "' does not exist"));
    ConfigParseOptions options =
        ConfigParseOptions.defaults()
            .setAllowMissing(false)
            .setSyntax(ConfigSyntax.CONF)
            .setIncluder(includes);
    try {
      Config parsed = ConfigFactory.parseFile(main.toFile(), options);
      unresolved = parsed.root();
      return resolve(parsed);
    } catch (ConfigException e) {
      report(e);
    } catch (StackOverflowError e) {
      problems.error(mainFile(0), "is nested too deeply");
    }
    return null;
  }

  /** Why the file cannot be read, or null when it can. */
  static String unreadable(Path file) {
    if (!Files.exists(file)) {
      return "no such file";
    }
    if (Files.isDirectory(file)) {
      return "is a directory";
    }
    return Files.isReadable(file) ? null : "permission denied";
  }

  /** Resolves; reports each substitution that cannot be, and goes on with a stand-in for it. */
  private ConfigObject resolve(Config parsed) {
    Set<String> standIns = new HashSet<>();
    ConfigResolveOptions options =
        ConfigResolveOptions.defaults().appendResolver(standIn(standIns));
    while (true) {
      try {
        return parsed.resolve(options).root();
      } catch (ConfigException.UnresolvedSubstitution e) {
        report(e);
        Matcher path = SUBSTITUTION.matcher(e.getMessage());
        boolean fresh = path.find() && standIns.add(path.group(1));
        if (!fresh || standIns.size() > MOST_UNRESOLVED) {
          return null;
        }
      }
    }
  }

  private static ConfigResolver standIn(Set<String> paths) {
    return new ConfigResolver() {
      @Override
      public ConfigValue lookup(String path) {
        return paths.contains(path) ? ConfigValueFactory.fromAnyRef("", UNRESOLVED) : null;
      }

      @Override
      public ConfigResolver withFallback(ConfigResolver fallback) {
        return this;
      }
    };
  }

  private void report(ConfigException e) {
    ConfigOrigin origin = e.origin();
    Where where = where(origin);
    if (where == null) {
      where = mainFile(0);
    }
    String message = String.valueOf(e.getMessage());
    if (origin != null && message.startsWith(origin.description() + ": ")) {
      message = message.substring(origin.description().length() + 2);
    }
    if (e instanceof ConfigException.IO) {
      problems.error(where, "cannot be read: " + reason(e, message));
    } else {
      problems.error(where, message);
    }
  }

  private static String reason(ConfigException e, String message) {
    if (e.getCause() instanceof FileNotFoundException missing) {
      String text = String.valueOf(missing.getMessage());
      int open = text.lastIndexOf('(');
      return open < 0 ? text : text.substring(open + 1).replaceAll("[)]$", "");
    }
    return message;
  }

  /** The tree before substitution; null where nothing could be parsed. */
  ConfigObject unresolved() {
    return unresolved;
  }

  /** A line of the main file. */
  Where mainFile(int line) {
    return whereOf(main, line);
  }

  /** The place, or null when the origin names no file. */
  Where where(ConfigOrigin origin) {
    if (origin == null
        || origin.filename() == null
        || origin.description().startsWith("merge of")) {
      return null;
    }
    return whereOf(Path.of(origin.filename()), Math.max(0, origin.lineNumber()));
  }

  private Where whereOf(Path file, int line) {
    Path absolute = file.toAbsolutePath().normalize();
    return new Where(shown(absolute), line, absolute.getParent());
  }

  /** The file as the operator named it; included ones as relative as that was. */
  private String shown(Path absolute) {
    if (absolute.equals(main)) {
      return given.toString();
    }
    Path here = Path.of("").toAbsolutePath();
    boolean relative = !given.isAbsolute() && absolute.startsWith(here);
    return (relative ? here.relativize(absolute) : absolute).toString();
  }
}
