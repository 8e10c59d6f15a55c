package org.portbouncer.config;

import java.nio.file.Path;

/**
 * The text of a configuration file, or of one that it includes.
 *
 * @param name how the parser names it, in whatever it says about it: the absolute path, or the URL
 * @param directory from which relative paths in it start; absolute
 * @param local false where it came from a URL
 * @param content what stands in it
 */
record ConfigText(String name, Path directory, boolean local, String content) {

  /**
   * The line where something is included, which the parser does not tell; 0 where it is unclear.
   */
  int lineOfInclude(String what) {
    int line = 1;
    for (String text : content.lines().toList()) {
      if (text.contains("include") && text.contains("\"" + what + "\"")) {
        return line;
      }
      line++;
    }
    return 0;
  }
}
