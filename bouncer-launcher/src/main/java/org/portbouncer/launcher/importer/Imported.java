package org.portbouncer.launcher.importer;

import java.util.List;

/**
 * A configuration made from another program's.
 *
 * @param text a bouncer.conf that loads
 * @param remarks by file and line, as they were found
 */
public record Imported(String text, List<Remark> remarks) {

  /** Whether nothing was left behind. */
  public boolean isWhole() {
    return remarks.stream().noneMatch(Remark::left);
  }
}
