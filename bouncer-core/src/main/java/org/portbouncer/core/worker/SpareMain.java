package org.portbouncer.core.worker;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.Fields;
import org.portbouncer.core.control.Order;
import org.portbouncer.core.control.Reports;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.ProcessState;
import org.portbouncer.core.sys.SystemCallException;

/**
 * The process of a spare: started ahead of need, with the classes of all stages, and with all done
 * that a worker's start consists of but what it is only told with START. Until that comes it has no
 * client's byte, no session's descriptor, and no shared memory.
 */
public final class SpareMain {

  private SpareMain() {}

  /**
   * Started by the mother, with the control link as standard input.
   *
   * @param args its number, then the main class of each stage's workers, in the order of stages
   */
  public static void main(String[] args) {
    WorkerMain.guarded(control -> live(control, args));
  }

  private static void live(ControlChannel control, String[] args) {
    ProcessState.name("bnc:spare/" + args[0]);
    List<Role> roles = roles(args);
    int own = Build.own();
    SpareClasses.initialize();
    if (!Rehearsal.all(own, roles)) {
      ServerLog.warning(control, "its rehearsal failed: what it comes to serve begins slowly");
    }
    giveBack();
    int errno = Reports.waiting(control, own);
    if (errno != 0) {
      throw new SystemCallException("sendmsg", errno);
    }
    WorkerStart start = await(control);
    if (start != null) {
      WorkerMain.serve(control, start, own, roles.get(start.stage().ordinal()), true);
    }
  }

  /** What it took to get here it does not need while it waits. */
  private static void giveBack() {
    System.gc();
    Libc.mallocTrim();
  }

  private static List<Role> roles(String[] args) {
    List<Role> roles = new ArrayList<>();
    for (StageId stage : StageId.values()) {
      Role role = role(args[1 + stage.ordinal()]);
      role.begin();
      roles.add(role);
    }
    return roles;
  }

  private static Role role(String mainClass) {
    try {
      return Class.forName(mainClass).asSubclass(Role.class).getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(mainClass + " is no worker's", e);
    }
  }

  /**
   * Waits for its turn, and says meanwhile that it lives.
   *
   * @return null where the mother has ended, or has said STOP
   */
  static WorkerStart await(ControlChannel control) {
    while (true) {
      WorkerStart.awaitReadable(control.fd());
      int length = control.receive();
      boolean ended = length == 0 || length == -Errno.ECONNRESET;
      if (ended || length > 0 && control.code() == Order.STOP.code()) {
        return null;
      }
      if (length < 0 || control.code() != Order.SYNC.code()) {
        return WorkerStart.received(control, length);
      }
      answer(control);
    }
  }

  private static void answer(ControlChannel control) {
    int token;
    try {
      Fields fields = control.fields();
      token = fields.i32();
      fields.end();
    } catch (ControlException e) {
      throw new IllegalStateException("the mother's SYNC is none: " + e.getMessage(), e);
    }
    // One that cannot be sent is one that she misses: what is to be done then she decides.
    Reports.synced(control, token);
  }
}
