package org.portbouncer.launcher.mother.handover;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.portbouncer.core.control.OrphanLink;
import org.portbouncer.core.control.OrphanSession;
import org.portbouncer.core.control.Staying;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Printable;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.rescue.Inboxes;
import org.portbouncer.launcher.mother.rescue.Onward;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes over the live sessions of servers that died, from their io workers, which forward them
 * without a mother: before this server accepts, so that limits hold them and ids go on behind
 * theirs. Who is silent keeps his. In the mother, on her loop's thread.
 */
public final class Orphans extends Timer implements OrphanCall.Owner {

  private static final Logger LOG = LoggerFactory.getLogger(Orphans.class);

  /** Of all of them together. */
  private static final long SILENCE_NANOS = 2_000_000_000;

  /** New clients wait no longer than this, whatever comes. */
  private static final long MOST_NANOS = 10_000_000_000L;

  private final Ground ground;
  private final Inboxes inboxes;
  private final Onward onward;
  private final List<DeadServer> servers = new ArrayList<>();

  /** Why sessions stay where they are, and how many. */
  private final Map<String, Integer> stay = new TreeMap<>();

  private List<Path> sockets = List.of();
  private Booking booking;
  private LongConsumer goOn;
  private long begun;
  private int taken;
  private int workers;

  public Orphans(Ground ground, Inboxes inboxes) {
    this.ground = ground;
    this.inboxes = inboxes;
    this.onward = new Onward(ground);
  }

  /**
   * Begins; all io workers of this server read their inboxes.
   *
   * @param admin the path of the admin socket, beside which the sockets of those are
   * @param epoch the configuration in force
   * @param then told the highest id of a session that was taken, 0 for none, when that is over:
   *     before this returns where there is nobody to ask
   */
  public void take(Path admin, Epoch epoch, LongConsumer then) {
    goOn = then;
    booking = new Booking(ground, epoch);
    begun = ground.loop().now();
    sockets = sockets(admin);
    for (Path socket : sockets) {
      DeadServer server = DeadServer.at(socket, ground.pid());
      if (server != null) {
        servers.add(server);
      }
    }
    if (servers.isEmpty() || !onward.lead(inboxes.own())) {
      end();
      return;
    }
    progressed();
    servers.forEach(this::call);
    endIfOver();
  }

  private static List<Path> sockets(Path admin) {
    List<Path> found = new ArrayList<>();
    Path folder = admin.toAbsolutePath().getParent();
    String prefix = admin.getFileName() + CallSocket.INFIX;
    try (DirectoryStream<Path> all =
        Files.newDirectoryStream(
            folder, path -> String.valueOf(path.getFileName()).startsWith(prefix))) {
      all.forEach(found::add);
    } catch (IOException e) {
      LOG.warn("cannot look for workers of a server that died: {}", Printable.of(e.toString()));
    }
    return found;
  }

  /** Calls as many as are known to be there, some at once. */
  private void call(DeadServer server) {
    try {
      while (server.wantsCall()) {
        int link = server.call();
        if (link < 0) {
          LOG.warn("cannot ask workers of a server that died: {}", Errno.text(-link));
          return;
        }
        server.calls().add(new OrphanCall(ground.loop(), link, onward.pool(), this));
      }
    } catch (SystemCallException e) {
      LOG.warn("cannot ask workers of a server that died: {}", e.getMessage());
    }
  }

  private void callAnother(DeadServer server) {
    server.missed();
    call(server);
  }

  @Override
  public void progressed() {
    long latest = begun + MOST_NANOS;
    long silence = ground.loop().now() + SILENCE_NANOS;
    ground.loop().timers().set(this, silence - latest < 0 ? silence : latest);
  }

  @Override
  protected void expired(long now) {
    LOG.warn("workers of a server that died do not answer: their sessions stay with them");
    end();
  }

  @Override
  public void answered(OrphanCall call, OrphanLink.Hello hello) {
    workers++;
    for (DeadServer server : servers) {
      if (server.calls().contains(call)) {
        server.expects(hello.workers());
        call(server);
      }
    }
  }

  @Override
  public boolean offered(OrphanSession said, Session session) {
    Booking.Refusal refusal = booking.enter(said, session);
    if (refusal != null) {
      onward.pool().release(session);
      stay.merge(refusal.text(), 1, Integer::sum);
    }
    return refusal == null;
  }

  @Override
  public void took(OrphanSession said, Session session) {
    taken++;
    booking.taken(said, session);
    onward.send(session.state().record(), session, said.times().paused());
  }

  @Override
  public void missed(Session session) {
    booking.leave(session);
    onward.pool().release(session);
  }

  @Override
  public void heard() {
    onward.flush();
  }

  @Override
  public void done(OrphanCall call, int[] counts) {
    for (Staying why : Staying.values()) {
      if (counts[why.ordinal()] > 0) {
        stay.merge(why.text(), counts[why.ordinal()], Integer::sum);
      }
    }
    endIfOver();
  }

  @Override
  public void failed(OrphanCall call, String why) {
    if (call.answered()) {
      LOG.warn("a worker of a server that died keeps its sessions: {}", why);
    } else {
      servers.stream().filter(server -> server.calls().contains(call)).forEach(this::callAnother);
    }
    endIfOver();
  }

  private void endIfOver() {
    if (servers.stream().allMatch(DeadServer::over)) {
      end();
    }
  }

  private void end() {
    ground.loop().timers().clear(this);
    servers.forEach(DeadServer::close);
    onward.end();
    if (workers > 0) {
      LOG.info(
          "live sessions of a server that died: taken over {}, from {} workers; that stay with them"
              + " until they end: {}",
          taken,
          workers,
          staying());
    }
    servers.clear();
    goOn.accept(booking.highest());
  }

  private String staying() {
    return stay.isEmpty()
        ? "none"
        : stay.entrySet().stream()
            .map(one -> one.getValue() + " " + one.getKey())
            .collect(Collectors.joining(", "));
  }

  /** Removes sockets that nobody has any more; as this server ends. */
  public void tidy() {
    sockets.forEach(socket -> DeadServer.removeDeserted(socket, ground.pid()));
  }
}
