package org.portbouncer.launcher.state;

import java.util.List;

/**
 * How the server is, and why: the one truth that `status`, the page, `top`, the metrics, the probes
 * and the service manager are told. Made by the mother; does not change.
 *
 * @param reasons none where it is ready, else what is wrong, the oldest first
 */
public record Standing(ServerState state, List<Condition> reasons) {

  public boolean ready() {
    return state == ServerState.READY;
  }

  /** The state and what is wrong, in one line. */
  public String text() {
    StringBuilder text = new StringBuilder(state.text());
    String before = ": ";
    for (Condition reason : reasons) {
      text.append(before).append(reason.what()).append(": ").append(reason.detail());
      before = "; ";
    }
    return text.toString();
  }
}
