package org.portbouncer.core.config;

import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Includes files as HOCON does, and notes those that are not there, which HOCON passes over in
 * silence. Runs in the mother and in commands.
 */
final class Includes implements ConfigIncluder {

  /** Told about an include of a file that is not there. */
  interface Missing {
    /**
     * One is missing.
     *
     * @param file the including file
     * @param line its line, 0 when it could not be found
     * @param what the text of the include
     */
    void found(Path file, int line, String what);
  }

  private static final List<String> ENDINGS = List.of("", ".conf", ".json", ".properties");

  private final ConfigIncluder fallback;
  private final Deque<Path> open;
  private final Missing missing;

  Includes(Path main, Missing missing) {
    this(null, new ArrayDeque<>(List.of(main)), missing);
  }

  private Includes(ConfigIncluder fallback, Deque<Path> open, Missing missing) {
    this.fallback = fallback;
    this.open = open;
    this.missing = missing;
  }

  @Override
  public ConfigIncluder withFallback(ConfigIncluder next) {
    return new Includes(fallback == null ? next : fallback.withFallback(next), open, missing);
  }

  @Override
  public ConfigObject include(ConfigIncludeContext context, String what) {
    Path file = fileOf(context, what);
    if (file == null && !what.contains("://")) {
      missing.found(open.peek(), line(open.peek(), what), what);
    }
    open.push(file == null ? open.peek() : file);
    try {
      return fallback.include(context, what);
    } finally {
      open.pop();
    }
  }

  private static Path fileOf(ConfigIncludeContext context, String what) {
    for (String ending : ENDINGS) {
      ConfigParseable candidate = context.relativeTo(what + ending);
      String name = candidate == null ? null : candidate.origin().filename();
      if (name != null && Files.exists(Path.of(name))) {
        return Path.of(name);
      }
    }
    return null;
  }

  /** The parser does not say where an include stands, so look for it. */
  private static int line(Path file, String what) {
    try {
      List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
      for (int i = 0; i < lines.size(); i++) {
        if (lines.get(i).contains("include") && lines.get(i).contains("\"" + what + "\"")) {
          return i + 1;
        }
      }
    } catch (IOException e) {
      return 0;
    }
    return 0;
  }
}
