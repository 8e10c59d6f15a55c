package org.portbouncer.negotiator.connect;

import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.worker.SocketSetup;
import org.portbouncer.negotiator.connect.TargetSockets.Address;

/**
 * Where one session is to be connected: its target, or a member of that; which port; what is
 * connected to first where proxies lead there; and how its sockets are made. Belongs to a {@link
 * ConnectAttempt}; on the thread of the connect worker's loop.
 */
final class ConnectGoal {

  private static final int LAST_PORT = 65_535;

  private final ConnectStage stage;
  private final GroupTries tries;
  private final Address[] only = new Address[1];

  private Session session;

  /** The member that is tried, where the listener's target is a group. */
  private Endpoint target;

  /** What is connected to: the target, or the first proxy on the way to it. */
  private Endpoint towards;

  /** The proxies on the way; null for none. */
  private ChainPath chain;

  /** Those of the listener. */
  private SocketSettings sockets;

  /** Made for the first session that has any. */
  private SocketSetup setup;

  /** Whether the target's port was made of the one that the client came to. */
  private boolean added;

  ConnectGoal(ConnectStage stage, GroupTries tries) {
    this.stage = stage;
    this.tries = tries;
  }

  void begin(Session session, Listener listener) {
    this.session = session;
    this.target = listener.target();
    this.sockets = listener.sockets();
    this.chain = stage.path(session);
  }

  /** A member of the target is it. */
  void member(Endpoint member) {
    target = member;
  }

  /**
   * Works out what is to be connected to.
   *
   * @return false where the target would have a port that there is none of
   */
  boolean aim() {
    added = target.isRelative();
    if (added) {
      target = stage.portsAdded().target(target, cameTo());
      if (target.port() > LAST_PORT) {
        // Who came by a service manager's socket on another port than is configured.
        return false;
      }
    }
    towards = chain == null ? target : chain.chain().hops().getFirst().proxy();
    return true;
  }

  /** The port of the listener that the client came to, whatever a PROXY header says of others. */
  private int cameTo() {
    SessionState state = session.state();
    return stage
        .worker()
        .configuration(session)
        .listeners()
        .get(state.listener())
        .listen()
        .get(state.endpoint())
        .port();
  }

  Endpoint target() {
    return target;
  }

  /** What is connected to; once it was aimed at. */
  Endpoint towards() {
    return towards;
  }

  /** The proxies on the way; null for none. */
  ChainPath chain() {
    return chain;
  }

  /** Whether any connection to it serves: nothing of the session leads there. */
  boolean takesSpares() {
    return tries.used() && chain == null && !added;
  }

  /** Whether the log must be told where the session went: the target does not say it. */
  boolean isUnsaid() {
    return tries.used() || chain != null || added || target.kind() == Endpoint.Kind.NAME;
  }

  /** The one address of what is connected to, where that has one. */
  Address[] address() {
    only[0] =
        tries.used() || chain != null || added
            ? stage.sockets().member(towards)
            : stage.sockets().fixed(session.state().listener(), target);
    return only;
  }

  /** What is set on sockets to it. */
  SocketSettings settings() {
    return tries.used() ? tries.sockets().over(sockets) : sockets;
  }

  /** How sockets to it are made; null where nothing is said of it. */
  SocketSetup setup() {
    SocketSettings settings = settings();
    if (settings.isNone()) {
      return null;
    }
    if (setup == null) {
      setup = new SocketSetup();
    }
    setup.begin(settings);
    SessionState state = session.state();
    setup.client(state.memory(), state.client());
    return setup;
  }

  /** Which member of a group was tried last, and how far through a chain, for the log. */
  String tried() {
    StringBuilder text = new StringBuilder();
    if (tries.used() && tries.count() > 0) {
      text.append(", member ").append(tries.text()).append(", attempt ").append(tries.count());
    }
    if (added) {
      text.append(", port ").append(target.port());
    }
    int hop = chain == null ? 0 : stage.worker().table().route().hop(session.state().record());
    if (hop > 0) {
      text.append(", proxy ").append(hop).append(" of chain ").append(chain.chain().name());
      text.append(" (").append(chain.chain().hops().get(hop - 1).proxy().text()).append(')');
    }
    return text.toString();
  }

  /** Forgets the session. */
  void clear() {
    session = null;
    target = null;
    towards = null;
    chain = null;
    added = false;
  }
}
