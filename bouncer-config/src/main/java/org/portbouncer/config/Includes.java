package org.portbouncer.config;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.io.File;
import java.io.StringReader;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.portbouncer.core.config.InvalidValueException;

/**
 * Reads what a configuration includes, as HOCON says, but bounded in size ({@link ConfigTexts}),
 * from regular files alone unless the operator wants URLs, and not in silence where a file is not
 * there. Runs in the mother, beside her loop, and in commands.
 */
final class Includes
    implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {

  private static final Pattern URL_START = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:.*");
  private static final List<String> ENDINGS = List.of(".conf", ".json", ".properties");

  /** Told what is wrong with an include. */
  interface Trouble {
    /**
     * Something is.
     *
     * @param in the text that includes
     * @param line its line, 0 where it could not be found
     * @param error false where it is doubtful alone
     */
    void found(ConfigText in, int line, String message, boolean error);
  }

  private final ConfigTexts texts;
  private final Trouble trouble;
  private final Deque<ConfigText> open = new ArrayDeque<>();

  Includes(ConfigTexts texts, Trouble trouble) {
    this.texts = texts;
    this.trouble = trouble;
  }

  /** Parses the text that everything begins with. */
  ConfigObject parse(ConfigText main) {
    return parse(main, ConfigSyntax.CONF);
  }

  private ConfigObject parse(ConfigText text, ConfigSyntax syntax) {
    open.push(text);
    try {
      ConfigParseOptions options =
          ConfigParseOptions.defaults()
              .setAllowMissing(false)
              .setSyntax(syntax)
              .setOriginDescription(text.name())
              .setIncluder(this);
      return ConfigFactory.parseReader(new StringReader(text.content()), options).root();
    } finally {
      open.pop();
    }
  }

  @Override
  public ConfigIncluder withFallback(ConfigIncluder next) {
    return this;
  }

  @Override
  public ConfigObject include(ConfigIncludeContext context, String what) {
    if (URL_START.matcher(what).matches()) {
      try {
        return includeURL(context, new URI(what).toURL());
      } catch (URISyntaxException | MalformedURLException | IllegalArgumentException e) {
        return refuse(what, "is neither a file nor a URL that can be read");
      }
    }
    return file(context, what);
  }

  @Override
  public ConfigObject includeFile(ConfigIncludeContext context, File what) {
    return file(context, what.getPath());
  }

  @Override
  public ConfigObject includeResources(ConfigIncludeContext context, String what) {
    return refuse(what, "is looked for among the program's own files: include a file instead");
  }

  @Override
  public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
    if (what.getProtocol().equalsIgnoreCase("file")) {
      return file(context, what.getPath());
    }
    try {
      ConfigText from = from();
      return parse(texts.read(what, from.directory()), syntax(what.getPath()));
    } catch (InvalidValueException e) {
      return refuse(what.toString(), e.getMessage());
    }
  }

  /** The text that includes. */
  private ConfigText from() {
    ConfigText from = open.element();
    if (!from.local()) {
      throw new InvalidValueException("is included by what came from a URL, which may not");
    }
    return from;
  }

  private ConfigObject file(ConfigIncludeContext context, String what) {
    ConfigObject all = ConfigFactory.empty().root();
    int found = 0;
    try {
      Path named = from().directory().resolve(what).normalize();
      boolean pattern = FileGlob.isPattern(what);
      if (pattern && Files.isDirectory(named.getParent())) {
        // A folder with nothing in it yet is no mistake.
        found++;
      }
      // The first to say something counts here; of a pattern the last shall.
      for (Path file : pattern ? FileGlob.matching(named).reversed() : candidates(named)) {
        // One that may not be looked at is no missing one: reading it says why.
        if (!Files.notExists(file)) {
          found++;
          all = all.withFallback(parse(texts.read(file), syntax(file.toString())));
        }
      }
    } catch (InvalidValueException e) {
      return refuse(what, e.getMessage());
    }
    if (found == 0) {
      boolean required = !context.parseOptions().getAllowMissing();
      tell(what, "does not exist", required);
    }
    return all;
  }

  /** A name without one of the endings stands for all three. */
  private static List<Path> candidates(Path named) {
    String name = named.toString();
    if (ENDINGS.stream().anyMatch(name::endsWith)) {
      return List.of(named);
    }
    List<Path> all = new ArrayList<>();
    for (String ending : ENDINGS) {
      all.add(Path.of(name + ending));
    }
    return all;
  }

  private static ConfigSyntax syntax(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    if (lower.endsWith(".json")) {
      return ConfigSyntax.JSON;
    }
    return lower.endsWith(".properties") ? ConfigSyntax.PROPERTIES : ConfigSyntax.CONF;
  }

  private ConfigObject refuse(String what, String why) {
    tell(what, why, true);
    return ConfigFactory.empty().root();
  }

  private void tell(String what, String why, boolean error) {
    ConfigText in = open.element();
    trouble.found(in, in.lineOfInclude(what), "the included file '" + what + "' " + why, error);
  }
}
