package org.portbouncer.launcher.mother.staff;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.ChildProcess;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Pipes;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.launch.LaunchedWorker;
import org.portbouncer.launcher.mother.launch.Launcher;
import org.portbouncer.launcher.privilege.Confinement;

/**
 * Workers as a mother sees them: a process that does nothing, and a control link of which the test
 * has the other end.
 */
final class FakeWorkers implements Launcher, AutoCloseable {

  static final int BUILD = 0xb01d;

  /** Its name, its pid, and the worker's end of its link. */
  record Fake(String name, int pid, int fd, ControlChannel link) {}

  private final List<Fake> started = new ArrayList<>();
  private boolean fails;

  /** All that were started, in this order; on the thread that starts them. */
  List<Fake> started() {
    return started;
  }

  Fake last() {
    return started.getLast();
  }

  /** From now on none can be started, or they can again. */
  void fail(boolean now) {
    fails = now;
  }

  @Override
  public int build(StageId stage) {
    return BUILD;
  }

  @Override
  public int buildOfSpare() {
    return BUILD;
  }

  @Override
  public LaunchedWorker start(StageId stage, int index, int build, Confinement confinement)
      throws StartException {
    if (fails) {
      throw new StartException("cannot start " + stage.text() + "/" + index + ": no process");
    }
    return start(stage.text() + "/" + index, build);
  }

  LaunchedWorker start(String name, int build) {
    int[] link = Sockets.pair(Const.SOCK_SEQPACKET);
    int[] errors = Pipes.open();
    int[] input = Pipes.open();
    ChildProcess child =
        ChildProcess.start(List.of("/bin/sleep", "600"), input[0], errors[1], Set.of("CLASSPATH"));
    for (int fd : new int[] {input[0], input[1], errors[1]}) {
      Libc.close(fd);
    }
    started.add(new Fake(name, child.pid(), link[1], new ControlChannel(link[1])));
    return new LaunchedWorker(child, link[0], errors[0], false, build, false);
  }

  /** The mother kills what she ends; the test's ends of the links are left. */
  @Override
  public void close() {
    started.forEach(one -> Libc.close(one.fd()));
  }
}
