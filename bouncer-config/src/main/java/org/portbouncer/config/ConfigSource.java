package org.portbouncer.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigResolver;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.portbouncer.core.config.InvalidValueException;

/**
 * Parses one HOCON file with what it includes, and resolves its substitutions from itself and the
 * environment: no reference.conf, no system properties. Runs in the mother and in commands.
 */
final class ConfigSource {

  /** The origin of what stands in for a substitution that could not be resolved. */
  static final String UNRESOLVED = "unresolved substitution";

  private static final int MOST_UNRESOLVED = 100;
  private static final Pattern SUBSTITUTION = Pattern.compile("\\$\\{\\??([^}]*)\\}");

  private static final Pattern LINES = Pattern.compile(": [0-9]+(-[0-9]+)?$");

  private final ConfigTexts texts = new ConfigTexts();
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
    ConfigText text;
    try {
      text = texts.read(main);
    } catch (InvalidValueException e) {
      problems.error(mainFile(0), "cannot be read: " + e.getMessage());
      return null;
    }
    Includes includes =
        new Includes(
            texts,
            (in, line, message, error) -> {
              if (error) {
                problems.error(whereOf(in, line), message);
              } else {
                problems.warn(whereOf(in, line), message);
              }
            });
    try {
      Config parsed = includes.parse(text).toConfig();
      unresolved = parsed.root();
      return resolve(parsed);
    } catch (ConfigException e) {
      report(e);
    } catch (StackOverflowError e) {
      problems.error(mainFile(0), "is nested too deeply");
    }
    return null;
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
    ConfigText text = textOf(origin);
    problems.error(where, SyntaxWords.of(message, text == null ? "" : text.content()));
  }

  /** The tree before substitution; null where nothing could be parsed. */
  ConfigObject unresolved() {
    return unresolved;
  }

  /** What was read of a file; null where it was not. */
  ConfigText textOf(Path file) {
    return texts.named(file.toString());
  }

  /** A line of a text that was read. */
  Where place(ConfigText text, int line) {
    return whereOf(text, line);
  }

  /** A line of the main file. */
  Where mainFile(int line) {
    return new Where(shown(main), line, main.getParent());
  }

  /** The place, or null when the origin names no file. */
  Where where(ConfigOrigin origin) {
    ConfigText text = textOf(origin);
    return text == null ? null : whereOf(text, Math.max(0, origin.lineNumber()));
  }

  private ConfigText textOf(ConfigOrigin origin) {
    if (origin == null) {
      return null;
    }
    String name = origin.description();
    if (origin.lineNumber() > 0) {
      // The parser adds the line, or the first and the last of them.
      name = LINES.matcher(name).replaceFirst("");
    }
    return texts.named(name);
  }

  private Where whereOf(ConfigText text, int line) {
    String shown = text.local() ? shown(Path.of(text.name())) : text.name();
    return new Where(shown, line, text.directory());
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
