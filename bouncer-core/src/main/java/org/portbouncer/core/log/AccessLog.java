package org.portbouncer.core.log;

import java.util.List;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.SessionRoute;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Pipes;
import org.portbouncer.core.sys.Sockets;

/**
 * The access log of one process: whoever ends a session writes its line, straight to the descriptor
 * that all processes share. Lines are gathered and written once a turn of the loop, whole lines at
 * a time and at most 4 KiB in one call, so that lines of several processes never mix on a pipe
 * (pipe(7), PIPE_BUF).
 *
 * <p>To syslog each line goes as a datagram of its own, over a socket that all processes share: the
 * mother connects it, again where the daemon was started anew, and so it is connected for all.
 *
 * <p>Writing never waits: what cannot be written now (the reader is slow, the disk full, the daemon
 * away) is kept, up to the buffer; what comes then is left out and counted. Where many sessions end
 * in one turn their lines are written while it lasts. In every process, on the thread of its loop.
 */
public final class AccessLog {

  /**
   * Room for the lines of more than ten thousand sessions that end in one turn, however slowly the
   * reader takes them. Memory is used for what waits, and for no longer.
   */
  private static final int BUFFER = 4 * 1024 * 1024;

  private static final int IDLE = BUFFER / 8;

  /** Lines are written before the turn ends where so many bytes more have gathered. */
  private static final int MUCH = 64 * 1024;

  private static final int ATOMIC = 4096;

  private final LineBuffer line = new LineBuffer(BUFFER, IDLE);
  private final LineFields fields = new LineFields(line);
  private final Timestamp timestamp = new Timestamp();
  private final SyslogHead syslogHead = new SyslogHead();
  private int fd = -1;
  private LogForm form = LogForm.PLAIN;

  /**
   * A socket, the journal's for one, may be shared with others: it is told each time not to wait.
   */
  private boolean socket;

  private int flushAt = MUCH;
  private long lost;
  private long leftOut;
  private int trouble;

  /**
   * Writes to {@code fd} from now on, -1 for nowhere; the descriptor stays the caller's. What could
   * not be written yet goes there too, but for a line that was begun elsewhere, and lines that look
   * otherwise.
   */
  public void to(int fd, LogForm form) {
    lost += line.dropBegun();
    if (fd < 0 || form.syslog() != this.form.syslog()) {
      leaveOutRest();
    }
    this.fd = fd;
    this.socket = fd >= 0 && Sockets.isSocket(fd);
    this.form = form;
    trouble = 0;
  }

  public int fd() {
    return fd;
  }

  public LogForm form() {
    return form;
  }

  /** What is in the way of writing: an errno; 0 for nothing but, perhaps, a slow reader. */
  public int trouble() {
    return trouble;
  }

  /** Counts what could not be written as left out. */
  void leaveOutRest() {
    lost += line.drop();
  }

  /** Lines left out since the last call. */
  public long takeLost() {
    long count = lost;
    lost = 0;
    return count;
  }

  /** Sessions before the next one that had no line; the next line says so. */
  public void leftOut(long count) {
    leftOut = count;
  }

  /**
   * Writes one session's line.
   *
   * @param configuration the one the session set out under; null where it is not known here any
   *     more
   */
  public void write(
      String event,
      SessionTable table,
      int record,
      Configuration configuration,
      Result result,
      Term term,
      long now,
      int worker) {
    if (fd < 0) {
      return;
    }
    Listener listener =
        configuration == null ? null : configuration.listeners().get(table.listener(record));
    long wallMs = System.currentTimeMillis();
    if (form.syslog()) {
      syslogHead.put(line, result, wallMs, worker);
    }
    fields.begin(form.json());
    fields.key("ts");
    fields.quote();
    timestamp.put(line, wallMs);
    fields.quote();
    fields.text("event", event);
    names(table, record, configuration, listener);
    fields.text("result", result == null ? "" : result.text());
    fields.text("term", term == null ? "" : term.text());
    figures(table, record, now);
    fields.number("worker", worker);
    route(table, record, configuration, listener);
    if (listener != null && listener.udp()) {
      datagrams(table, record);
    }
    if (result != null && result != Result.OK) {
      fields.key("reason");
      Cause said = table.outcome().cause(record);
      Cause cause = said == Cause.UNSAID ? Cause.usual(result, term) : said;
      fields.quoted(hopText(table, record, result) + cause.text(table.outcome().errno(record)));
    }
    fields.end();
    if (!line.endLine()) {
      lost++;
    } else if (line.length() >= flushAt) {
      flush();
    }
  }

  /** Whose session it is, where it goes, and by which rule. */
  private void names(
      SessionTable table, int record, Configuration configuration, Listener listener) {
    fields.number("id", table.id(record));
    fields.text("listener", listener == null ? "" : listener.name());
    fields.text("client", table.client(record));
    fields.text("local", localText(table.local(record), listener, table.endpoint(record)));
    fields.text("target", listener == null ? "" : listener.target().text());
    Acl acl =
        listener == null || listener.acl() < 0 ? null : configuration.acls().get(listener.acl());
    int rule = table.rule(record);
    fields.text("acl", acl == null ? "" : acl.name());
    fields.text("rule", acl == null || rule < 0 ? "" : acl.rules().get(rule).name());
  }

  /** How long it took, and what it moved. */
  private void figures(SessionTable table, int record, long now) {
    int setup = table.setupMicros(record);
    if (setup > 0) {
      fields.number("setup_us", setup);
    } else {
      fields.text("setup_us", "");
    }
    fields.number("duration_ms", Math.max(0, (now - table.accepted(record)) / 1_000_000));
    fields.number("up", table.bytesUp(record));
    fields.number("down", table.bytesDown(record));
  }

  /** What a session of datagrams has beside its bytes. */
  private void datagrams(SessionTable table, int record) {
    if (form.json()) {
      fields.number("datagrams_up", table.datagrams().up(record));
      fields.number("datagrams_down", table.datagrams().down(record));
      fields.number("dropped", table.datagrams().dropped(record));
    }
    if (leftOut > 0) {
      fields.number("left_out", leftOut);
      leftOut = 0;
    }
  }

  /** What is known of the way from peer to server; see {@link SessionRoute}. */
  private void route(
      SessionTable table, int record, Configuration configuration, Listener listener) {
    SessionRoute route = table.route();
    fields.text("peer", route.peer(record));
    fields.text("member", memberText(table, record, configuration, listener));
    fields.text("server", serverText(table, record, listener));
    int attempts = attempts(table, record);
    if (attempts > 0) {
      fields.number("attempts", attempts);
    } else {
      fields.text("attempts", "");
    }
    fields.text("via", viaText(table, record, configuration));
  }

  /** The chain that it goes through; "" without one. */
  public static String viaText(SessionTable table, int record, Configuration configuration) {
    int chain = table.route().chain(record);
    return chain < 0 || configuration == null || chain >= configuration.chains().size()
        ? ""
        : configuration.chains().get(chain).name();
  }

  /** At which proxy of its chain a session failed. */
  private static String hopText(SessionTable table, int record, Result result) {
    int hop = table.route().hop(record);
    boolean late = result == Result.TIMEOUT || result == Result.NO_TARGET;
    return hop > 0 && late ? "proxy " + hop + ": " : "";
  }

  /** The address that was connected to; of a plain target that is the target. */
  public static String serverText(SessionTable table, int record, Listener listener) {
    String noted = table.route().server(record);
    if (!noted.isEmpty() || listener == null || attempts(table, record) == 0) {
      return noted;
    }
    Endpoint target = listener.target();
    boolean whole = target.kind() == Endpoint.Kind.INET && !target.isRelative();
    return whole || target.kind() == Endpoint.Kind.UNIX ? target.text() : "";
  }

  /** The name of the member that it went to, or was tried last; "" without one. */
  public static String memberText(
      SessionTable table, int record, Configuration configuration, Listener listener) {
    int member = table.route().member(record);
    if (member < 0 || listener == null || listener.group() < 0) {
      return "";
    }
    List<TargetGroup.Member> members = configuration.targets().get(listener.group()).members();
    return member < members.size() ? members.get(member).name() : "";
  }

  /** How many servers were tried; of a plain session that came through it was one. */
  public static int attempts(SessionTable table, int record) {
    int noted = table.route().attempts(record);
    return noted == 0 && table.setupMicros(record) > 0 ? 1 : noted;
  }

  /** The local address: a socket's own, or the configured one where that says more. */
  public static String localText(String socket, Listener listener, int endpoint) {
    if (listener == null || endpoint >= listener.listen().size()) {
      return socket;
    }
    Endpoint configured = listener.listen().get(endpoint);
    return configured.kind() == Endpoint.Kind.UNIX || socket.isEmpty() ? configured.text() : socket;
  }

  /**
   * Writes what was gathered, as far as it is taken.
   *
   * @return true where something is left
   */
  public boolean flush() {
    boolean left = writeOut();
    flushAt = line.length() + MUCH;
    return left;
  }

  /** Waits until more can be written; never on a loop that serves. */
  void awaitRoom(int mostMs) {
    Pipes.awaitWritable(fd, mostMs);
  }

  private boolean writeOut() {
    while (line.length() > 0) {
      int length = line.wholeLines(form.syslog() ? 1 : ATOMIC);
      long written = write(length);
      if (written == -Errno.EINTR) {
        continue;
      }
      if (written == -Errno.EAGAIN) {
        return true;
      }
      if (written < 0) {
        trouble = (int) -written;
        if (passes(trouble)) {
          return true;
        }
        // The reader has gone: these lines are lost, the sessions are not.
        lost += line.countLines(length);
        written = length;
      } else {
        trouble = 0;
      }
      line.consume((int) written);
    }
    return false;
  }

  /** Whether what stands in the way may go away: room on the disk, a daemon that comes back. */
  private boolean passes(int errno) {
    return errno == Errno.ENOSPC
        || errno == Errno.EDQUOT
        || errno == Errno.ENOBUFS
        || errno == Errno.ENOMEM
        || form.syslog() && errno != Errno.EMSGSIZE;
  }

  private long write(int length) {
    int flags = Const.MSG_DONTWAIT | Const.MSG_NOSIGNAL;
    if (form.syslog()) {
      // A datagram is a line: it needs no end.
      long sent = Libc.send(fd, line.address(), length - 1, flags);
      return sent < 0 ? sent : length;
    }
    return socket
        ? Libc.send(fd, line.address(), length, flags)
        : Libc.write(fd, line.address(), length);
  }
}
