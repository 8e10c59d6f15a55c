package org.portbouncer.launcher.mother.upkeep;

import org.portbouncer.core.config.Configuration.AccessLog;
import org.portbouncer.core.config.Configuration.AccessLog.Sink;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.launcher.log.StandardStreams;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.staff.AllWorkers;
import org.portbouncer.launcher.privilege.RunAs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns the descriptor that all processes write access log lines to: opens it at the start, opens a
 * file again when it is asked to reload, connects to a syslog daemon again that was started anew.
 * In the mother, on her loop's thread.
 */
public final class AccessLogKeeper {

  private static final Logger LOG = LoggerFactory.getLogger(AccessLogKeeper.class);

  private static final long CONNECT_NANOS = 1_000_000_000;

  /** What a reload is going to change. */
  public final class Change {
    private final AccessLog next;
    private final int fd;

    private Change(AccessLog next, int fd) {
      this.next = next;
      this.fd = fd;
    }

    public void carryOut() {
      use(next, fd);
    }

    public void withdraw() {
      if (fd >= 0) {
        Libc.close(fd);
      }
    }
  }

  private final EventLoop loop;
  private final org.portbouncer.core.log.AccessLog accessLog;
  private final StandardStreams streams;
  private final AllWorkers workers;
  private AccessLog settings;

  /** A file that was moved away could not be opened again. */
  private boolean stale;

  /**
   * A daemon that was started anew has made its socket anew. No call tells that it has gone but a
   * write that fails, in whatever process; connecting again where nothing has changed does no harm.
   */
  private final Timer connect =
      new Timer() {
        @Override
        protected void expired(long now) {
          if (settings.to() == Sink.SYSLOG) {
            SyslogSocket.connect(accessLog.fd(), settings.path());
            loop.timers().set(this, now + CONNECT_NANOS);
          }
        }
      };

  /**
   * @param accessLog the mother's own
   * @param streams where lines may be to go to stdout
   */
  public AccessLogKeeper(
      EventLoop loop,
      org.portbouncer.core.log.AccessLog accessLog,
      StandardStreams streams,
      AllWorkers workers) {
    this.loop = loop;
    this.accessLog = accessLog;
    this.streams = streams;
    this.workers = workers;
  }

  /**
   * Opens it at the start, before there are workers.
   *
   * @param runAs whose a file shall be, so that it can be opened again later
   * @throws StartException where it cannot be opened
   */
  public void open(AccessLog first, RunAs runAs) throws StartException {
    settle(first, AccessLogFile.open(first, runAs, streams));
  }

  private void settle(AccessLog now, int fd) {
    settings = now;
    stale = false;
    accessLog.to(fd, form(now));
    if (now.to() == Sink.SYSLOG) {
      int errno = SyslogSocket.connect(fd, now.path());
      if (errno == Errno.EPROTOTYPE) {
        LOG.warn(
            "the syslog daemon at {} has a stream socket there, and lines go to a datagram socket"
                + " only (syslog-ng: unix-dgram); access log lines wait for one",
            now.path());
      } else if (errno != 0) {
        LOG.warn(
            "no syslog daemon at {}: {}; access log lines wait for one",
            now.path(),
            Errno.text(errno));
      }
      if (!connect.isSet()) {
        loop.timers().set(connect, loop.now() + CONNECT_NANOS);
      }
    }
  }

  private static LogForm form(AccessLog settings) {
    return new LogForm(settings.json(), settings.to() == Sink.SYSLOG);
  }

  private void use(AccessLog next, int fd) {
    accessLog.flush();
    int before = accessLog.fd();
    settle(next, fd);
    workers.accessLog(fd, form(next));
    if (before >= 0) {
      Libc.close(before);
    }
  }

  /**
   * Opens a file anew, so that one that was moved away ends and a new one begins; whatever becomes
   * of the reload that asks for it. One that cannot be opened is written on as it is.
   */
  public void reopen() {
    if (settings.to() != Sink.FILE) {
      return;
    }
    try {
      use(settings, AccessLogFile.open(settings, RunAs.UNCHANGED, streams));
    } catch (StartException e) {
      stale = true;
      LOG.error("{}; the one that is open is written on", e.getMessage());
    }
  }

  /**
   * Opens what a reload needs, and changes nothing.
   *
   * @return null where nothing is to change
   * @throws StartException where it cannot be opened
   */
  public Change prepare(AccessLog next) throws StartException {
    if (!stale && next.equals(settings)) {
      return null;
    }
    return new Change(next, AccessLogFile.open(next, RunAs.UNCHANGED, streams));
  }
}
