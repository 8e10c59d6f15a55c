package org.portbouncer.system;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The lines a process has printed so far, collected as they come. */
final class Output {
  private final List<String> lines = new ArrayList<>();
  private final Thread reader;

  Output(String name, InputStream stream) {
    reader = Thread.ofPlatform().daemon().name(name).start(() -> collect(stream));
  }

  private void collect(InputStream stream) {
    try (BufferedReader in =
        new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        synchronized (lines) {
          lines.add(line);
        }
      }
    } catch (IOException e) {
      synchronized (lines) {
        lines.add("(output ends with " + e + ")");
      }
    }
  }

  List<String> lines() {
    synchronized (lines) {
      return List.copyOf(lines);
    }
  }

  /** What came after the first {@code skip} lines. */
  List<String> linesFrom(int skip) {
    synchronized (lines) {
      return List.copyOf(lines.subList(Math.min(skip, lines.size()), lines.size()));
    }
  }

  String text() {
    return String.join("\n", lines());
  }

  /** Waits until the process has closed the stream. */
  void awaitEnd() throws InterruptedException {
    reader.join(5_000);
  }
}
