package org.portbouncer.system;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What `/metrics` said at a moment.
 *
 * @param types metric family to its type
 * @param values series, with its labels in order, to its value
 */
record Scrape(Map<String, String> types, Map<String, Double> values) {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Pattern SERIES = Pattern.compile("([a-z_0-9]+)(?:\\{(.*)})? (\\S+)");
  private static final Pattern LABEL = Pattern.compile("[a-z]+=\"(?:[^\"\\\\]|\\\\.)*\"");

  static String get(int port, String path) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build();
    HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException(path + ": " + answer.statusCode() + " " + answer.body());
    }
    return answer.body();
  }

  static Scrape of(int port) throws IOException, InterruptedException {
    Map<String, String> types = new LinkedHashMap<>();
    Map<String, Double> values = new LinkedHashMap<>();
    for (String line : get(port, "/metrics").split("\n", -1)) {
      String[] words = line.split(" ", 4);
      if (line.startsWith("# TYPE ")) {
        types.put(words[2], words[3]);
      } else if (!line.startsWith("#") && !line.isBlank()) {
        Matcher series = SERIES.matcher(line);
        if (!series.matches()) {
          throw new IOException("not a series: " + line);
        }
        Set<String> labels = new TreeSet<>();
        if (series.group(2) != null) {
          LABEL.matcher(series.group(2)).results().forEach(label -> labels.add(label.group()));
        }
        String name = series.group(1) + labels;
        if (values.put(name, Double.valueOf(series.group(3))) != null) {
          throw new IOException("twice: " + name);
        }
      }
    }
    return new Scrape(types, values);
  }

  /** The value of a series; labels as name, value, name, value. NaN where there is none. */
  double value(String name, String... labels) {
    Set<String> sorted = new TreeSet<>();
    for (int i = 0; i < labels.length; i += 2) {
      sorted.add(labels[i] + "=\"" + labels[i + 1] + "\"");
    }
    return values.getOrDefault(name + sorted, Double.NaN);
  }

  /** The sum of all series of that name that have all of these labels. */
  double sum(String name, String... labels) {
    return values.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(name + "["))
        .filter(
            entry -> {
              for (int i = 0; i < labels.length; i += 2) {
                if (!entry.getKey().contains(labels[i] + "=\"" + labels[i + 1] + "\"")) {
                  return false;
                }
              }
              return true;
            })
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }

  /** Names of series, such as a histogram's three. */
  Set<String> names() {
    return values.keySet().stream()
        .map(series -> series.substring(0, series.indexOf('[')))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** Every series that only grows: counters, and the counts of histograms. */
  Map<String, Double> counters() {
    return values.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith("bouncer_"))
        .filter(
            entry ->
                Arrays.asList("_total", "_count", "_sum", "_bucket").stream()
                    .anyMatch(end -> entry.getKey().contains(end + "[")))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }
}
