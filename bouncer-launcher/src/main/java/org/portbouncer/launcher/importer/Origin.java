package org.portbouncer.launcher.importer;

/**
 * Where a part of a configuration comes from.
 *
 * @param file the file as the operator knows it
 * @param line its line, from 1
 * @param text what stands there, on one line
 */
record Origin(String file, int line, String text) {

  /** The place alone, as in {@code rinetd.conf:12}. */
  String place() {
    return file + ":" + line;
  }
}
