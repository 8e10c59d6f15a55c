package org.portbouncer.config;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The files that {@code include "conf.d/*.conf"} stands for, by name: later ones override earlier
 * ones. A name that begins with a dot is not meant, as in a shell. In the mother and in commands.
 */
final class FileGlob {

  private FileGlob() {}

  /** Whether the last name of a path is a pattern. */
  static boolean isPattern(String path) {
    return path.substring(path.lastIndexOf('/') + 1).matches(".*[*?\\[{].*")
        && !path.contains("://");
  }

  /** The files in their order; none where the folder cannot be read. */
  static List<Path> matching(Path pattern) {
    List<Path> found = new ArrayList<>();
    Path folder = pattern.getParent();
    Path name = pattern.getFileName();
    if (folder == null || name == null || !Files.isDirectory(folder)) {
      return found;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, name.toString())) {
      for (Path file : files) {
        if (!file.getFileName().toString().startsWith(".") && Files.isRegularFile(file)) {
          found.add(file);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      return List.of();
    }
    Collections.sort(found);
    return found;
  }
}
