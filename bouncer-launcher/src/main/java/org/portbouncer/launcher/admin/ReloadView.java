package org.portbouncer.launcher.admin;

import java.util.List;

/**
 * What came of a reload.
 *
 * @param done whether the new configuration is in force; otherwise nothing has changed
 * @param message one line that says so
 * @param problems what is wrong with the configuration, or doubtful, each as FILE:LINE: text
 * @param epoch the number of the configuration in force
 * @param added listeners that are new, by name
 * @param removed listeners that are gone
 * @param ended live sessions that were ended because the new rules block them
 */
public record ReloadView(
    boolean done,
    String message,
    List<String> problems,
    int epoch,
    List<String> added,
    List<String> removed,
    int ended) {

  /** Copies the lists. */
  public ReloadView {
    problems = List.copyOf(problems);
    added = List.copyOf(added);
    removed = List.copyOf(removed);
  }

  /** One that did nothing. */
  public static ReloadView refused(String message, List<String> problems, int epoch) {
    return new ReloadView(false, message, problems, epoch, List.of(), List.of(), 0);
  }
}
