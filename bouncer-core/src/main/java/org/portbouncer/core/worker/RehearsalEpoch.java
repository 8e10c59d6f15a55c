package org.portbouncer.core.worker;

import java.util.List;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.KeepAlive;
import org.portbouncer.core.config.ListenOptions;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.core.config.ProxyProtocol;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.config.Timeouts;

/**
 * A configuration for {@link Rehearsal}: of all that is common something, and a target that is in
 * the worker itself, so that nothing leaves this process. In a spare.
 */
final class RehearsalEpoch {

  static final int NUMBER = 1;

  private static final Timeouts TIMEOUTS = new Timeouts(60_000, 60_000, 0, 0);

  private RehearsalEpoch() {}

  static Epoch make() {
    return new Epoch(
        NUMBER,
        configuration(),
        new Places(new int[] {0}, new int[] {0}, new int[][] {{1, 2}}, new int[0][], 3));
  }

  private static Configuration configuration() {
    return new Configuration(
        "rehearsal",
        List.of(listener()),
        List.of(),
        List.of(),
        List.of(new Acl("rehearsal", List.of(rule()))),
        List.of(new BandwidthClass("rehearsal", 0, 0, 0, BandwidthClass.SharedBy.SESSION)),
        new Configuration.SourcePrefix(32, 64),
        new Configuration.Workers(1, 1, 1, 1, 1, 1),
        new Configuration.StateTransfer(Configuration.StateTransfer.Mode.INLINE, "", 0, 1),
        TIMEOUTS,
        0,
        0,
        1,
        new Configuration.Admin("", 0),
        new Configuration.Metrics(null, List.of()),
        new Configuration.Log(
            "info",
            List.of(),
            new Configuration.AccessLog(Configuration.AccessLog.Sink.NONE, "", false)),
        "",
        "",
        true,
        true,
        null);
  }

  private static Listener listener() {
    return new Listener(
        "rehearsal",
        List.of(new Endpoint(Endpoint.Kind.UNIX, "unix:/rehearsal", "", 0, "/rehearsal")),
        new Endpoint(Endpoint.Kind.INTERNAL, "internal:echo", "", 0, "echo"),
        -1,
        -1,
        -1,
        -1,
        TIMEOUTS,
        new KeepAlive(0, 0, 0, 0),
        ListenOptions.NONE,
        SocketSettings.NONE,
        ProxyProtocol.UNUSED,
        0,
        "rehearsal",
        1);
  }

  private static Rule rule() {
    return new Rule(
        "rehearsal",
        Rule.Action.PASS,
        NetworkSet.EMPTY,
        List.of(),
        null,
        -1,
        Rule.LISTENERS_VIA,
        0,
        0,
        null,
        null,
        false,
        true,
        true,
        null,
        false,
        "rehearsal",
        1);
  }
}
