package org.portbouncer.launcher.mother.doors;

import java.util.HashSet;
import java.util.Set;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.launcher.systemd.Notifier;
import org.portbouncer.launcher.systemd.PassedSockets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the listening sockets into the service manager's keeping, so that they come back to the
 * next process: while one ends and the other starts, clients queue. In the mother, on her loop's
 * thread.
 */
public final class KeptSockets {

  private static final Logger LOG = LoggerFactory.getLogger(KeptSockets.class);

  private final Notifier notifier;
  private Set<String> kept = new HashSet<>();

  public KeptSockets(Notifier notifier) {
    this.notifier = notifier;
  }

  /**
   * Gives back what came from keeping and does not fit any more: a {@code [::]} that took IPv4
   * clients, which have another address now, or the other way round.
   */
  public void release(Listeners opened) {
    for (ListenSocket socket : opened.leaving()) {
      notifier.forget(PassedSockets.keptName(ListenSocket.name(socket.endpoint())));
      // The service manager has it for a moment still.
      socket.ignoreNewClients();
      socket.close();
    }
    opened.comeIntoForce();
  }

  /** Brings the keeping in line with what listens now. */
  public void update(Listeners listeners) {
    Set<String> now = new HashSet<>();
    for (Listeners.Entry entry : listeners.entries()) {
      ListenSocket socket = entry.socket();
      // A socket unit keeps its own, and a socket file goes with the process that made it. A socket
      // of datagrams has no clients of its own: they are taken as they come.
      if (socket.passed() || socket.udp() || socket.endpoint().kind() != Endpoint.Kind.INET) {
        continue;
      }
      String name = PassedSockets.keptName(ListenSocket.name(socket.endpoint()));
      now.add(name);
      if (!kept.remove(name)) {
        notifier.keep(name, socket.fd());
      }
    }
    kept.forEach(notifier::forget);
    if (notifier.keeps() > 0 && now.size() > notifier.keeps()) {
      LOG.warn(
          "{} addresses, and the service manager keeps {} descriptors over a restart: clients of"
              + " the others are refused meanwhile; raise FileDescriptorStoreMax=",
          now.size(),
          notifier.keeps());
    }
    kept = now;
  }
}
