package org.portbouncer.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Gathers what is wrong while a configuration is read. Runs in the mother and in commands. */
final class Problems {

  private final Set<Problem> found = new LinkedHashSet<>();

  void error(Where where, String message) {
    add(where.file(), where.line(), message, Problem.Severity.ERROR);
  }

  void warn(Where where, String message) {
    add(where.file(), where.line(), message, Problem.Severity.WARNING);
  }

  void add(String file, int line, String message, Problem.Severity severity) {
    found.add(new Problem(file, line, message, severity));
  }

  long errors() {
    return found.stream().filter(Problem::isError).count();
  }

  boolean hasErrors() {
    return errors() > 0;
  }

  /** All of them: files in the order they were first named, lines ascending. */
  List<Problem> sorted(String mainFile) {
    List<String> files = new ArrayList<>(List.of(mainFile));
    for (Problem problem : found) {
      if (!files.contains(problem.file())) {
        files.add(problem.file());
      }
    }
    List<Problem> sorted = new ArrayList<>(found);
    sorted.sort(
        Comparator.comparingInt((Problem problem) -> files.indexOf(problem.file()))
            .thenComparingInt(Problem::line));
    return sorted;
  }
}
