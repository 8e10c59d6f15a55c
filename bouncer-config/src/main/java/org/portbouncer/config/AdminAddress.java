package org.portbouncer.config;

import java.util.List;

/**
 * Where a configuration says that the server's admin socket is. Made in commands.
 *
 * @param socket its path; null where the file does not tell, for the problems
 * @param user whom the server becomes; "" for nobody else
 * @param problems what keeps it from telling
 */
public record AdminAddress(String socket, String user, List<Problem> problems) {

  /** Copies the list. */
  public AdminAddress {
    problems = List.copyOf(problems);
  }
}
