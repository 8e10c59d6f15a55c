package org.portbouncer.acl.bandwidth;

import org.portbouncer.acl.BucketName;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.KeepAlive;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.worker.Places;
import org.portbouncer.core.worker.Stage;
import org.portbouncer.core.worker.TowardsTarget;
import org.portbouncer.core.worker.UserTimeout;
import org.portbouncer.core.worker.Worker;

/**
 * The fourth stage: which bandwidth class a session gets (the rule's before the listener's), which
 * bucket of it, and the settings of its two sockets. Runs in the bandwidth worker.
 */
final class BandwidthStage implements Stage {

  private final Worker worker;
  private final BucketName name = new BucketName();

  BandwidthStage(Worker worker) {
    this.worker = worker;
  }

  @Override
  public StageId id() {
    return StageId.BANDWIDTH;
  }

  @Override
  public void session(Session session) {
    SessionState state = session.state();
    int index = resolve(worker.configuration(session), state);
    state.bandwidth(index);
    worker.table().bandwidth(state.record(), index);
    if (index >= 0) {
      bucket(session, index);
    }
    Listener listener = worker.configuration(session).listeners().get(state.listener());
    Endpoint endpoint = listener.listen().get(state.endpoint());
    if (endpoint.kind() == Endpoint.Kind.INET && !endpoint.udp()) {
      int client = session.descriptors().peek(Descriptors.CLIENT);
      settings(
          client,
          state.clientReady(),
          listener.sockets(),
          listener.keepAlive(),
          UserTimeout.millis(listener.keepAlive(), client));
    }
    if (listener.target().isTcp()) {
      int target = session.descriptors().peek(Descriptors.TARGET);
      SocketSettings towards = TowardsTarget.of(worker, session, listener);
      settings(
          target,
          false,
          towards,
          listener.keepAlive(),
          TowardsTarget.userTimeout(towards, listener, target));
    }
    worker.forward(session);
  }

  private static int resolve(Configuration configuration, SessionState state) {
    Rule rule = configuration.rule(state.listener(), state.rule());
    return rule != null && rule.bandwidth() >= 0
        ? rule.bandwidth()
        : configuration.listeners().get(state.listener()).bandwidth();
  }

  /** Gives the session the bucket that it takes its bytes from; what names it is what it shares. */
  private void bucket(Session session, int index) {
    SessionState state = session.state();
    Places places = worker.places(session);
    name.of(worker.configuration(session), places, state, index, worker.slot(session));
    if (!worker
        .area()
        .buckets()
        .acquire(
            state.record(),
            places.classes()[index],
            name.sharedBy(),
            name.high(),
            name.low(),
            worker.loop().now(),
            worker.pid())) {
      worker.count(WorkerBoard.Count.BUCKET_TABLE_FULL, 1);
      worker
          .log()
          .warn(
              worker.loop().now(),
              "no room for one more bandwidth bucket: session "
                  + state.id()
                  + " has the rate of its class for itself alone");
    }
  }

  /** The options of a TCP connection; when keep-alive asks is each listener's own. */
  private static void settings(
      int fd, boolean ready, SocketSettings sockets, KeepAlive keepAlive, int userTimeoutMs) {
    if (!ready) {
      Sockets.forForwarding(fd);
    }
    if (sockets.delays()) {
      Sockets.disable(fd, Const.IPPROTO_TCP, Const.TCP_NODELAY);
    }
    tcp(fd, Const.TCP_KEEPIDLE, keepAlive.idleS());
    tcp(fd, Const.TCP_KEEPINTVL, keepAlive.intervalS());
    tcp(fd, Const.TCP_KEEPCNT, keepAlive.count());
    tcp(fd, Const.TCP_USER_TIMEOUT, userTimeoutMs);
  }

  private static void tcp(int fd, int option, int value) {
    if (value > 0) {
      Sockets.set(fd, Const.IPPROTO_TCP, option, value);
    }
  }
}
