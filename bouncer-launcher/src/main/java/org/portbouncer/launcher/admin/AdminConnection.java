package org.portbouncer.launcher.admin;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import jnr.unixsocket.UnixSocketChannel;
import org.portbouncer.core.config.Nearest;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.launcher.figures.Figures;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to the admin socket, on a thread of its own in the mother: reads a line, answers
 * with a line, until the peer closes, idles for too long or sends a line without an end.
 */
final class AdminConnection implements Runnable {

  private static final Logger LOG = LoggerFactory.getLogger(AdminConnection.class);
  private static final int REFUSED = 1;
  private static final int WRONG_USAGE = 2;

  private final UnixSocketChannel channel;
  private final Operations operations;
  private final Consumer<AdminConnection> ended;
  private boolean open = true;

  /** On the clock of System.nanoTime. */
  private volatile long heardAt = System.nanoTime();

  private volatile boolean answering;

  /** On the thread that answers alone; null until it is asked for. */
  private SessionWatch watch;

  AdminConnection(
      UnixSocketChannel channel, Operations operations, Consumer<AdminConnection> ended) {
    this.channel = channel;
    this.operations = operations;
    this.ended = ended;
  }

  @Override
  public void run() {
    try {
      answerAll();
    } catch (IOException | RuntimeException e) {
      LOG.debug("admin connection ended: {}", e.getMessage());
    } finally {
      close();
    }
  }

  /** Says why nothing will be answered, and closes. */
  void refuse(String reason) {
    try {
      Wire.writeLine(channel, Answers.error(reason, REFUSED));
    } catch (IOException e) {
      LOG.debug("admin connection: refusal not delivered: {}", e.getMessage());
    } finally {
      close();
    }
  }

  /**
   * Lets the thread that reads see the end; it alone closes, so that no other gets the descriptor's
   * number meanwhile.
   */
  synchronized void interrupt() {
    if (!open) {
      return;
    }
    try {
      channel.shutdownInput();
    } catch (IOException e) {
      LOG.debug("admin connection: {}", e.getMessage());
    }
  }

  /** Whether the peer has nothing to wait for. */
  boolean idle() {
    return !answering;
  }

  /** When it connected, or last asked for something. */
  long heardAt() {
    return heardAt;
  }

  /** Has it end, whatever it does; as {@link #interrupt}, also where the peer does not read. */
  synchronized void turnAway() {
    if (open) {
      Libc.shutdown(channel.getFD(), Const.SHUT_RDWR);
    }
  }

  synchronized void close() {
    if (!open) {
      return;
    }
    open = false;
    ended.accept(this);
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("admin connection: {}", e.getMessage());
    }
  }

  private void answerAll() throws IOException {
    LineReader reader = new LineReader(channel, Wire.MAX_REQUEST_BYTES);
    try {
      for (String line = reader.next(); line != null; line = reader.next()) {
        answering = true;
        heardAt = System.nanoTime();
        answer(line);
        answering = false;
      }
    } catch (LineReader.TooLongException e) {
      Wire.writeLine(channel, Answers.error(e.getMessage(), WRONG_USAGE));
    }
  }

  private void answer(String line) throws IOException {
    Request request;
    try {
      request = RequestParser.parse(line);
    } catch (RequestParser.BadRequestException e) {
      Wire.writeLine(channel, Answers.error(e.getMessage(), WRONG_USAGE));
      return;
    }
    if (request instanceof Request.Stop stop) {
      stop(stop.now());
      return;
    }
    if (request instanceof Request.Upgrade upgrade) {
      upgrade(upgrade);
      return;
    }
    String answer;
    try {
      answer = perform(request);
    } catch (RefusedException e) {
      answer = Answers.error(e.getMessage(), REFUSED);
    } catch (RuntimeException e) {
      LOG.error("admin request failed: {}", line, e);
      answer = Answers.error("the server failed to answer: " + e.getMessage(), REFUSED);
    }
    Wire.writeLine(channel, answer);
  }

  private String perform(Request request) throws RefusedException {
    return switch (request) {
      case Request.Status _ -> Answers.status(operations.figures());
      case Request.Sessions sessions -> Answers.sessions(chosen(sessions.filter()));
      case Request.Top top -> Answers.heaviest(watch().heaviest(top.by(), top.most(), top.match()));
      case Request.KillIds kill -> Answers.killed(operations.kill(numbers(kill.ids())));
      case Request.KillFrom kill -> Answers.killed(operations.kill(idsFrom(kill.from())));
      case Request.Limit limit ->
          Answers.limited(operations.limit(limit.name(), limit.up(), limit.down()));
      case Request.Targets _ -> Answers.members(operations.members());
      case Request.Cluster _ -> Answers.cluster(operations.cluster());
      case Request.Target target -> Answers.said(operations.target(target.mode(), target.which()));
      case Request.Move move -> Answers.moved(operations.move(move.worker()));
      case Request.Reload reload -> Answers.reloaded(operations.reload(reload.recheck()));
      case Request.Upgrade _ -> throw new IllegalStateException("answered elsewhere");
      case Request.Stop _ -> throw new IllegalStateException("answered elsewhere");
    };
  }

  /**
   * A listener that a reload has taken away has a name for as long as sessions of it live.
   *
   * @throws RefusedException when no listener has the name
   */
  private List<SessionView> chosen(SessionFilter filter) throws RefusedException {
    List<SessionView> all = operations.sessions();
    String name = filter.listener();
    if (name != null && all.stream().noneMatch(session -> name.equals(session.listener()))) {
      List<String> known =
          operations.figures().listeners().stream()
              .filter(Figures.Listener::configured)
              .map(Figures.Listener::name)
              .toList();
      if (!known.contains(name)) {
        throw new RefusedException("no listener '" + name + "'" + Nearest.hint(name, known));
      }
    }
    return filter.apply(all);
  }

  private SessionWatch watch() {
    if (watch == null) {
      watch = operations.watch();
    }
    return watch;
  }

  private static long[] numbers(List<Long> ids) {
    return ids.stream().mapToLong(Long::longValue).toArray();
  }

  private long[] idsFrom(Cidr network) {
    List<SessionView> sessions = new SessionFilter(null, network).apply(operations.sessions());
    return sessions.stream().mapToLong(SessionView::id).toArray();
  }

  private void upgrade(Request.Upgrade upgrade) throws IOException {
    try {
      operations.upgrade(
          upgrade.to(),
          upgrade.ifChanged(),
          new Operations.Upgraded() {
            @Override
            public void progress(String what) throws IOException {
              Wire.writeLine(channel, Answers.progress(what));
            }

            @Override
            public void done(UpgradeView how) throws IOException {
              Wire.writeLine(channel, Answers.upgraded(how));
            }
          });
    } catch (RefusedException e) {
      Wire.writeLine(channel, Answers.error(e.getMessage(), REFUSED));
    } catch (RuntimeException e) {
      LOG.error("upgrade failed", e);
      Wire.writeLine(channel, Answers.error("the server failed: " + e.getMessage(), REFUSED));
    }
  }

  /** Answers first: the process may be gone before an answer that came second was written. */
  private void stop(boolean now) throws IOException {
    try {
      Wire.writeLine(
          channel, Answers.stopping(now, operations.active(), ProcessHandle.current().pid()));
    } finally {
      operations.stop(now);
    }
  }
}
