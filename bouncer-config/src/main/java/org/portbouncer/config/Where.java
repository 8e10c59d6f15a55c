package org.portbouncer.config;

import java.nio.file.Path;

/**
 * A place in a configuration file.
 *
 * @param file the file as the operator knows it
 * @param line from 1; 0 where the file as a whole is meant
 * @param directory the file's absolute folder, from which relative paths in it start
 */
record Where(String file, int line, Path directory) {

  /** {@code FILE:LINE}. */
  @Override
  public String toString() {
    return line > 0 ? file + ":" + line : file;
  }
}
