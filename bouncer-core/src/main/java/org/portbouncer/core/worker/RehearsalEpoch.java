package org.portbouncer.core.worker;

import java.util.List;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.config.Timeouts;

/**
 * A configuration for {@link Rehearsal}: of all that is common something, and a target that is in
 * the worker itself, so that nothing leaves this process. In a spare.
 */
final class RehearsalEpoch {

  static final int NUMBER = 1;

  private static final String NAME = "rehearsal";

  private static final Timeouts TIMEOUTS = new Timeouts(60_000, 60_000, 0, 0);

  private RehearsalEpoch() {}

  static Epoch make() {
    return new Epoch(
        NUMBER,
        configuration(),
        new Places(new int[] {0}, new int[] {0}, new int[][] {{1, 2}}, new int[0][], 3));
  }

  private static Configuration configuration() {
    Listener listener =
        Listener.of(
            NAME,
            List.of(new Endpoint(Endpoint.Kind.UNIX, "unix:/rehearsal", "", 0, "/rehearsal")),
            new Endpoint(Endpoint.Kind.INTERNAL, "internal:echo", "", 0, "echo"),
            -1,
            TIMEOUTS,
            NAME,
            1);
    Rule rule = Rule.of(NAME, Rule.Action.PASS, NetworkSet.EMPTY, NAME, 1);
    return Configuration.of(
        NAME,
        List.of(listener),
        List.of(new Acl(NAME, List.of(rule))),
        List.of(new BandwidthClass(NAME, 0, 0, 0, BandwidthClass.SharedBy.SESSION)));
  }
}
