package org.portbouncer.launcher.admin;

import java.util.List;
import java.util.Locale;

/**
 * One live session in the answer to {@code sessions}, made by the mother from the session table.
 *
 * @param id the session's number
 * @param listener the listener's name
 * @param client "1.2.3.4:567", "[::1]:567" or "unix:/path"
 * @param local the address it was accepted at, in the same form
 * @param target the address it is connected to, or the configured target until then
 * @param acl the access list that decided; null for none
 * @param rule the rule that decided; null for none
 * @param bandwidth the bandwidth class; null for none
 * @param state the phase it is in
 * @param workerPid the process that owns it
 * @param transfer how its state travels
 * @param stateBytes the size of its state
 * @param ageMs since the accept
 * @param idleMs since a byte last moved
 * @param bytesUp bytes from client to target
 * @param bytesDown bytes from target to client
 * @param throttledMs for how long bytes were there and waited for their rate, both ways summed
 * @param peer who really connected, where a PROXY header says who the client is; null otherwise
 * @param member of the target, which it goes to; null for none
 * @param server the address it is connected to, or that is tried; null for none
 * @param attempts members tried so far
 * @param via the chain of proxies it goes through; null for none
 * @param hops the stages that have received it, in order
 */
public record SessionView(
    long id,
    String listener,
    String client,
    String local,
    String target,
    String acl,
    String rule,
    String bandwidth,
    String state,
    long workerPid,
    String transfer,
    long stateBytes,
    long ageMs,
    long idleMs,
    long bytesUp,
    long bytesDown,
    long throttledMs,
    String peer,
    String member,
    String server,
    int attempts,
    String via,
    List<HopView> hops) {

  /** The rule as ACL/RULE, ACL/- before one has decided; - without an ACL. */
  public String decision() {
    return acl == null ? "-" : acl + "/" + (rule == null ? "-" : rule);
  }

  /**
   * Whether a text stands in what people see of it: number, listener, addresses, rule, class,
   * state.
   *
   * @param wanted in lower case; empty for any
   */
  public boolean mentions(String wanted) {
    return wanted.isEmpty()
        || String.join(
                " ",
                Long.toString(id),
                listener,
                client,
                target,
                decision(),
                bandwidth == null ? "-" : bandwidth,
                state)
            .toLowerCase(Locale.ROOT)
            .contains(wanted);
  }
}
