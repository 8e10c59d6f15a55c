package org.portbouncer.launcher.mother;

import org.portbouncer.core.config.Configuration.AccessLog;
import org.portbouncer.core.config.Configuration.AccessLog.Sink;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.launcher.privilege.RunAs;

/**
 * The access log's part of a reload: opens where it goes from then on, and sends all processes
 * there. A file is opened anew by every reload, so that one that was moved away ends and a new one
 * begins. In the mother, on her loop's thread.
 */
final class AccessLogSwitch {

  private final Mother mother;
  private final AccessLog settings;
  private final boolean changes;
  private final int fd;

  private AccessLogSwitch(Mother mother, AccessLog settings, boolean changes, int fd) {
    this.mother = mother;
    this.settings = settings;
    this.changes = changes;
    this.fd = fd;
  }

  /**
   * Opens what is needed and changes nothing.
   *
   * @throws StartException where it cannot be opened
   */
  static AccessLogSwitch prepare(Mother mother, AccessLog settings) throws StartException {
    boolean changes =
        settings.to() == Sink.FILE || !settings.equals(mother.configuration().log().access());
    return new AccessLogSwitch(
        mother, settings, changes, changes ? AccessLogFile.open(settings, RunAs.UNCHANGED) : -1);
  }

  void carryOut() {
    if (!changes) {
      return;
    }
    mother.accessLog().flush();
    int before = mother.accessLog().fd();
    mother.accessLog().to(fd, settings.json());
    mother.supervisor().accessLog(fd, settings.json());
    if (before >= 0) {
      Libc.close(before);
    }
  }

  void withdraw() {
    if (fd >= 0) {
      Libc.close(fd);
    }
  }
}
