package org.portbouncer.launcher.importer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Ports by the names of /etc/services, as the C library looks them up. */
final class Services {

  private static final Path FILE = Path.of("/etc/services");

  private final Map<String, Integer> ports = new HashMap<>();

  Services() {
    this(FILE);
  }

  Services(Path file) {
    try {
      for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
        String[] words = line.replaceFirst("#.*", "").strip().split("\\s+", -1);
        if (words.length > 1 && words[1].matches("[0-9]{1,5}/[a-z]+")) {
          int slash = words[1].indexOf('/');
          int port = Integer.parseInt(words[1].substring(0, slash));
          String protocol = words[1].substring(slash);
          ports.putIfAbsent(words[0] + protocol, port);
          for (int i = 2; i < words.length; i++) {
            ports.putIfAbsent(words[i] + protocol, port);
          }
        }
      }
    } catch (IOException e) {
      ports.clear(); // numbers do without
    }
  }

  /** The port of a number or a name, 1 to 65535; -1 where there is none. */
  int tcp(String text) {
    return port(text, false);
  }

  /** The same of what takes datagrams. */
  int udp(String text) {
    return port(text, true);
  }

  /** One of both. */
  int port(String text, boolean udp) {
    if (text.matches("[0-9]{1,9}")) {
      int port = Integer.parseInt(text);
      return port >= 1 && port <= 65535 ? port : -1;
    }
    return ports.getOrDefault(text + (udp ? "/udp" : "/tcp"), -1);
  }
}
