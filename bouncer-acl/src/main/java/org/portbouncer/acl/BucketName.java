package org.portbouncer.acl;

import org.portbouncer.core.config.BandwidthClass.SharedBy;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.worker.Places;

/**
 * Which bucket of its bandwidth class is a session's: by what the class is shared, and what names
 * that. Mutable, so that a session costs no object; one thread.
 */
public final class BucketName {

  /** What a class shared by rule is shared by. */
  private static final long LISTENER = 1;

  private static final long RULE = 2;

  private final Source source = new Source();
  private SharedBy sharedBy;
  private long high;
  private long low;

  /**
   * Reads it from what a session's state says.
   *
   * @param index of its class
   * @param slot the place of its listener in the counters
   */
  public void of(
      Configuration configuration, Places places, SessionState state, int index, int slot) {
    sharedBy = configuration.bandwidth().get(index).sharedBy();
    high = 0;
    low = 0;
    if (sharedBy == SharedBy.SOURCE) {
      source.of(state.memory(), state.client(), configuration.sourcePrefix());
      high = source.high();
      low = source.low();
    } else if (sharedBy == SharedBy.RULE) {
      int acl = configuration.listeners().get(state.listener()).acl();
      // Without an ACL the listener stands for the rule.
      high = acl < 0 ? LISTENER : RULE;
      low = acl < 0 ? slot : places.rule(acl, state.rule());
    }
  }

  public SharedBy sharedBy() {
    return sharedBy;
  }

  public long high() {
    return high;
  }

  public long low() {
    return low;
  }
}
