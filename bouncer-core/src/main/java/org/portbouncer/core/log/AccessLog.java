package org.portbouncer.core.log;

import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Sockets;

/**
 * The access log of one process: whoever ends a session writes its line, straight to the descriptor
 * that all processes share. Lines are gathered and written once a turn of the loop, whole lines at
 * a time and at most 4 KiB in one call, so that lines of several processes never mix on a pipe
 * (pipe(7), PIPE_BUF).
 *
 * <p>Writing never waits: what the reader does not take is kept, up to the buffer, and then left
 * out and counted. In every process, on the thread of its loop.
 */
public final class AccessLog {

  private static final int BUFFER = 512 * 1024;
  private static final int ATOMIC = 4096;

  private final LineBuffer line = new LineBuffer(BUFFER);
  private final Timestamp timestamp = new Timestamp();
  private int fd = -1;
  private boolean json;

  /**
   * A socket, the journal's for one, may be shared with others: it is told each time not to wait.
   */
  private boolean socket;

  private boolean first;
  private long lost;

  /** Writes to {@code fd} from now on, -1 for nowhere; the descriptor stays the caller's. */
  public void to(int fd, boolean json) {
    this.fd = fd;
    this.socket = fd >= 0 && Sockets.isSocket(fd);
    this.json = json;
  }

  public int fd() {
    return fd;
  }

  /** Lines left out since the last call. */
  public long takeLost() {
    long count = lost;
    lost = 0;
    return count;
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
    Acl acl =
        listener == null || listener.acl() < 0 ? null : configuration.acls().get(listener.acl());
    int rule = table.rule(record);
    first = true;
    if (json) {
      line.put((byte) '{');
    }
    key("ts");
    quote();
    timestamp.put(line, System.currentTimeMillis());
    quote();
    text("event", event);
    number("id", table.id(record));
    text("listener", listener == null ? "" : listener.name());
    text("client", table.client(record));
    text("local", localText(table.local(record), listener, table.endpoint(record)));
    text("target", listener == null ? "" : listener.target().text());
    text("acl", acl == null ? "" : acl.name());
    text("rule", acl == null || rule < 0 ? "" : acl.rules().get(rule).name());
    text("result", result == null ? "" : result.text());
    text("term", term == null ? "" : term.text());
    int setup = table.setupMicros(record);
    if (setup > 0) {
      number("setup_us", setup);
    } else {
      text("setup_us", "");
    }
    number("duration_ms", Math.max(0, (now - table.accepted(record)) / 1_000_000));
    number("up", table.bytesUp(record));
    number("down", table.bytesDown(record));
    number("worker", worker);
    if (json) {
      line.put((byte) '}');
    }
    if (!line.endLine()) {
      lost++;
    }
  }

  /** The local address: a socket's own, or the configured one where that says more. */
  public static String localText(String socket, Listener listener, int endpoint) {
    if (listener == null || endpoint >= listener.listen().size()) {
      return socket;
    }
    Endpoint configured = listener.listen().get(endpoint);
    return configured.kind() == Endpoint.Kind.UNIX || socket.isEmpty() ? configured.text() : socket;
  }

  private void key(String name) {
    if (json) {
      line.put(first ? "\"" : ",\"");
      line.put(name);
      line.put("\":");
    } else {
      if (!first) {
        line.put((byte) ' ');
      }
      line.put(name);
      line.put((byte) '=');
    }
    first = false;
  }

  private void quote() {
    if (json) {
      line.put((byte) '"');
    }
  }

  private void number(String name, long value) {
    key(name);
    line.put(Math.max(0, value));
  }

  /** A text; an empty one is `-` in logfmt and null in JSON. */
  private void text(String name, String value) {
    key(name);
    if (value.isEmpty()) {
      line.put(json ? "null" : "-");
    } else if (json || needsQuotes(value)) {
      quoted(value);
    } else {
      line.put(value);
    }
  }

  private static boolean needsQuotes(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) {
        return true;
      }
    }
    return false;
  }

  private void quoted(String value) {
    line.put((byte) '"');
    for (int i = 0; i < value.length(); i += Character.charCount(value.codePointAt(i))) {
      int c = value.codePointAt(i);
      if (c == '"' || c == '\\') {
        line.put((byte) '\\');
      }
      if (c < ' ' || c == 0x7f) {
        line.put(String.format("\\u%04x", c));
      } else {
        line.putCodePoint(c);
      }
    }
    line.put((byte) '"');
  }

  /**
   * Writes what was gathered, as far as the reader takes it.
   *
   * @return true where something is left
   */
  public boolean flush() {
    while (line.length() > 0) {
      int length = line.wholeLines(ATOMIC);
      long written = write(length);
      if (written == -Errno.EINTR) {
        continue;
      }
      if (written == -Errno.EAGAIN) {
        return true;
      }
      if (written < 0) {
        // The reader has gone, or the disk is full: these lines are lost, the sessions are not.
        lost += line.countLines(length);
        written = length;
      }
      line.consume((int) written);
    }
    return false;
  }

  private long write(int length) {
    return socket
        ? Libc.send(fd, line.address(), length, Const.MSG_DONTWAIT | Const.MSG_NOSIGNAL)
        : Libc.write(fd, line.address(), length);
  }
}
