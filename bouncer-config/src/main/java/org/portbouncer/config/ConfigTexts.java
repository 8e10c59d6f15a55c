package org.portbouncer.config;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.portbouncer.core.config.InvalidValueException;

/**
 * Reads the files of one configuration, the one that was named and those that are included, and
 * bounds them together: what the parser makes of a text takes a hundred times its size and more,
 * and the mother must not run out of memory over it. Runs in the mother, beside her loop, and in
 * commands.
 */
final class ConfigTexts {

  /** The most bytes of all texts together. */
  static final int MOST_BYTES = 1 << 20;

  /** Who sets it to yes has URLs included. */
  static final String ALLOW_URLS = "BOUNCER_INCLUDE_URLS";

  private static final int CONNECT_MS = 5_000;
  private static final int READ_MS = 5_000;
  private static final long URL_NANOS = 15_000_000_000L;

  private final Map<String, ConfigText> known = new HashMap<>();
  private int left = MOST_BYTES;

  /**
   * Reads a file.
   *
   * @throws InvalidValueException why it cannot be, in words that go behind its name
   */
  ConfigText read(Path file) {
    try (RegularFile open = RegularFile.open(file)) {
      byte[] bytes = new byte[RegularFile.BLOCK];
      int length = 0;
      int read;
      while ((read = open.read(bytes, length)) >= 0) {
        length = count(length, read);
        if (bytes.length - length < RegularFile.BLOCK) {
          bytes = Arrays.copyOf(bytes, 2 * bytes.length);
        }
      }
      String content = new String(bytes, 0, length, StandardCharsets.UTF_8);
      return keep(new ConfigText(file.toString(), file.getParent(), true, content));
    }
  }

  /**
   * Reads what a URL leads to, where the operator wants that.
   *
   * @param directory that of the file that includes it
   * @throws InvalidValueException why it cannot be read, in words that go behind its name
   */
  ConfigText read(URL url, Path directory) {
    String protocol = url.getProtocol().toLowerCase(Locale.ROOT);
    if (!protocol.equals("http") && !protocol.equals("https")) {
      throw new InvalidValueException("is no file, and of URLs http and https alone can be read");
    }
    if (!"yes".equals(System.getenv(ALLOW_URLS))) {
      throw new InvalidValueException(
          "is a URL: a server would need another to be able to start; fetch it into a file, or set "
              + ALLOW_URLS
              + "=yes");
    }
    long deadline = System.nanoTime() + URL_NANOS;
    try {
      URLConnection connection = url.openConnection();
      connection.setConnectTimeout(CONNECT_MS);
      connection.setReadTimeout(READ_MS);
      byte[] bytes = new byte[MOST_BYTES + RegularFile.BLOCK];
      int length = 0;
      try (InputStream in = connection.getInputStream()) {
        int read;
        while ((read = in.read(bytes, length, RegularFile.BLOCK)) >= 0) {
          length = count(length, read);
          if (System.nanoTime() - deadline > 0) {
            throw new InvalidValueException("has not come to its end in 15 s");
          }
        }
      }
      String content = new String(bytes, 0, length, StandardCharsets.UTF_8);
      return keep(new ConfigText(url.toString(), directory, false, content));
    } catch (IOException e) {
      throw new InvalidValueException("cannot be read: " + e);
    }
  }

  private int count(int length, int read) {
    left -= read;
    if (left < 0) {
      throw new InvalidValueException(
          "is too large: a configuration with all that it includes has at most "
              + (MOST_BYTES >> 20)
              + " MiB; long lists of networks belong in files of their own (from = \"file:…\")");
    }
    return length + read;
  }

  private ConfigText keep(ConfigText text) {
    known.put(text.name(), text);
    return text;
  }

  /** The text that the parser has named so, or null. */
  ConfigText named(String name) {
    return known.get(name);
  }
}
