package org.portbouncer.acl.bandwidth;

import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.worker.Stage;
import org.portbouncer.core.worker.Worker;

/**
 * The fourth stage: which bandwidth class a session gets (the rule's before the listener's), and
 * the settings of its two sockets. Runs in the bandwidth worker.
 */
final class BandwidthStage implements Stage {

  private final Worker worker;

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
    settings(session.descriptors().peek(Descriptors.CLIENT));
    settings(session.descriptors().peek(Descriptors.TARGET));
    worker.forward(session);
  }

  private static int resolve(Configuration configuration, SessionState state) {
    Listener listener = configuration.listeners().get(state.listener());
    if (listener.acl() >= 0 && state.rule() >= 0) {
      Rule rule = configuration.acls().get(listener.acl()).rules().get(state.rule());
      if (rule.bandwidth() >= 0) {
        return rule.bandwidth();
      }
    }
    return listener.bandwidth();
  }

  /**
   * What was read in one piece is sent in one piece: Nagle's delay would only hold back what the
   * sender meant to go. Keep-alive finds peers that died without a word. Urgent bytes stay in their
   * place in the stream, which is the only one a forwarder can give them. A Unix socket has none of
   * these and says so.
   */
  private static void settings(int fd) {
    Sockets.enable(fd, Const.IPPROTO_TCP, Const.TCP_NODELAY);
    Sockets.enable(fd, Const.SOL_SOCKET, Const.SO_KEEPALIVE);
    Sockets.enable(fd, Const.SOL_SOCKET, Const.SO_OOBINLINE);
  }
}
