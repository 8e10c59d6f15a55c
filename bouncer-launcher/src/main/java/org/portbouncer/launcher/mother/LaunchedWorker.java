package org.portbouncer.launcher.mother;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.ChildProcess;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Pipes;
import org.portbouncer.core.sys.ProcessState;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.launcher.privilege.Confinement;
import org.portbouncer.launcher.systemd.Notifier;

/**
 * A worker's process that runs and has been told nothing yet, with the mother's ends of what leads
 * to it. {@link WorkerProcess} takes all three over. On the thread of the mother's loop.
 *
 * @param process the child
 * @param link the control link
 * @param errors what it writes to its standard error comes out here
 */
record LaunchedWorker(ChildProcess process, int link, int errors) {

  /**
   * By so much a worker's oom_score_adj is above the mother's, in thousandths of the memory that
   * there is: however large she has become, the kernel ends workers first. One of them is replaced;
   * with her the service would end.
   */
  private static final int SCORE_ABOVE_OURS = 900;

  /** The class path of the mother's own JVM; a worker's stands in its command. */
  private static final String CLASS_PATH = "CLASSPATH";

  /** What a worker does not get of our environment. */
  private static final Set<String> OURS =
      Stream.concat(Notifier.VARIABLES.stream(), Stream.of(CLASS_PATH))
          .collect(Collectors.toUnmodifiableSet());

  /**
   * Starts the program of a worker, confined.
   *
   * @throws StartException where there is no child
   */
  static LaunchedWorker of(StageId stage, int index, Confinement confinement)
      throws StartException {
    int[] link = new int[0];
    int[] errors = new int[0];
    ChildProcess child;
    try {
      // A packet socket keeps messages apart, and tells when the other end has gone.
      link = Sockets.pair(Const.SOCK_SEQPACKET);
      errors = Pipes.open();
      child = start(stage, index, confinement, link[1], errors[1]);
    } catch (IOException | SystemCallException e) {
      close(link);
      close(errors);
      throw new StartException(
          "cannot start " + stage.text() + "/" + index + ": " + e.getMessage(), e);
    } catch (StartException e) {
      close(link);
      close(errors);
      throw e;
    }
    // Our copies of the child's ends must go, or its death would never show as an end of file.
    Libc.close(link[1]);
    Libc.close(errors[1]);
    ProcessState.endBeforeUs(child.pid(), SCORE_ABOVE_OURS);
    return new LaunchedWorker(child, link[0], errors[0]);
  }

  private static ChildProcess start(
      StageId stage, int index, Confinement confinement, int childsEnd, int childsErrors)
      throws IOException, StartException {
    List<String> command = WorkerCommand.of(stage, index);
    // Standard output is the access log's, whose descriptor the worker gets with START.
    return confinement.start(
        stage, () -> ChildProcess.start(command, childsEnd, childsErrors, OURS));
  }

  private static void close(int[] fds) {
    for (int fd : fds) {
      Libc.close(fd);
    }
  }
}
