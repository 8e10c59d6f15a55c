package org.portbouncer.launcher.mother.upkeep;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.sys.ChildProcess;
import org.portbouncer.core.sys.ProcessState;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.launcher.mother.staff.Staff;

/**
 * As the first process of a container the mother is the parent of all whose own has gone, such as
 * what somebody has started with `podman exec`, and nobody else takes note of their end. In the
 * mother, on her loop's thread.
 *
 * <p>Her own processes are reaped by those who have started them, in the turn of the loop in which
 * they end: what is defunct twice, with turns between, is a stray.
 */
public final class Strays extends Timer {

  private static final long PERIOD_NANOS = 5_000_000_000L;
  private static final int FIRST = 1;

  private final EventLoop loop;
  private final Staff staff;
  private final int own;
  private Set<Integer> seen = Set.of();

  /**
   * @param own the process number of the mother
   */
  public Strays(EventLoop loop, Staff staff, int own) {
    this.loop = loop;
    this.staff = staff;
    this.own = own;
  }

  /** Looks from now on, where she is the first. */
  public void start() {
    if (own == FIRST) {
      loop.timers().set(this, loop.now() + PERIOD_NANOS);
    }
  }

  @Override
  protected void expired(long now) {
    Set<Integer> defunct = new HashSet<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[1-9]*")) {
      for (Path each : all) {
        int pid = Integer.parseInt(String.valueOf(each.getFileName()));
        if (ProcessState.of(pid) == 'Z' && ProcessState.parent(pid) == own && !isOurs(pid)) {
          defunct.add(pid);
        }
      }
      for (int pid : defunct) {
        if (seen.contains(pid)) {
          ChildProcess.adopt(pid).reap();
        }
      }
    } catch (IOException | SystemCallException e) {
      // Too few descriptors, or no /proc: the next time.
    }
    seen = defunct;
    loop.timers().set(this, now + PERIOD_NANOS);
  }

  private boolean isOurs(int pid) {
    return staff.isKeeper(pid) || staff.all().stream().anyMatch(one -> one.pid() == pid);
  }
}
