package org.portbouncer.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/** Tests of what is read from files and said of them. */
abstract class ConfigLoaderCase {

  @TempDir Path folder;

  /** Line 1 opens the block, lines 2 and 3 make it valid, the given lines follow from line 4. */
  static final String START =
      """
      bouncer {
        listeners { web { listen = "127.0.0.1:8080", target = "internal:http", acl = all } }
        acls { all = [ { name = any, action = pass } ] }
      """;

  Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  LoadResult load(String text) throws IOException {
    return ConfigLoader.load(file("b.conf", text));
  }

  List<String> problems(String text) throws IOException {
    return load(text).problems().stream()
        .map(problem -> problem.toString().replace(folder + "/", ""))
        .toList();
  }
}
