package org.portbouncer.io;

import java.util.IdentityHashMap;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.worker.Worker;

/**
 * Internal targets, in inetd's tradition: `internal:echo`, `internal:discard` and `internal:http`
 * are served at the far end of a socket pair that the connect stage made, so that forwarding,
 * limits and time-outs treat them like any target. In the io worker, on its loop's thread.
 */
final class InternalServices {

  /** The served end of one session. */
  interface Service extends Side.Owner {
    /**
     * Begins to serve {@code fd}, which stays the session's.
     *
     * @return 0 or the errno, as {@link Side#open}
     */
    int open(int fd);

    /** Lets go of the descriptor, which the session closes next. */
    void close();
  }

  private final Worker worker;
  private final TransferBuffers buffers;
  private final IdentityHashMap<Session, Service> serving = new IdentityHashMap<>();

  InternalServices(Worker worker, TransferBuffers buffers) {
    this.worker = worker;
    this.buffers = buffers;
  }

  /**
   * Serves a session.
   *
   * @param name as the configuration checked it: echo, discard or http
   * @return 0, or the errno where its descriptor is nothing to serve: the caller ends the session
   */
  int start(Session session, String name) {
    Service service =
        switch (name) {
          case "echo" -> new EchoService(worker.loop(), buffers);
          case "discard" -> new DiscardService(worker.loop(), buffers);
          default -> new HttpService(worker, session, buffers);
        };
    serving.put(session, service);
    return service.open(session.descriptors().peek(Descriptors.SERVICE));
  }

  /** Whether no session is served. */
  boolean none() {
    return serving.isEmpty();
  }

  /** Stops serving a session that ends; nothing happens where its target was a real one. */
  void stop(Session session) {
    Service service = serving.remove(session);
    if (service != null) {
      service.close();
    }
  }
}
