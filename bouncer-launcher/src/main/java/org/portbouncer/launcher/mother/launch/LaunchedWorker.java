package org.portbouncer.launcher.mother.launch;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.ChildProcess;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Pipes;
import org.portbouncer.core.sys.ProcessState;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.core.worker.Build;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.handover.HandoverLink;
import org.portbouncer.launcher.privilege.ClusterReach;
import org.portbouncer.launcher.privilege.Confinement;
import org.portbouncer.launcher.systemd.Notifier;

/**
 * A worker's process that runs and has been told nothing yet, with the mother's ends of what leads
 * to it. {@code WorkerProcess} takes all three over. On the thread of the mother's loop.
 *
 * @param process the child
 * @param link the control link
 * @param errors what it writes to its standard error comes out here
 * @param spare whether it was started for any stage
 * @param build which build it is to be of
 * @param asked whether it still owes an answer to SYNC with the token 0
 */
public record LaunchedWorker(
    ChildProcess process, int link, int errors, boolean spare, int build, boolean asked) {

  /**
   * By so much a worker's oom_score_adj is above the mother's, in thousandths of the memory that
   * there is: however large she has become, the kernel ends workers first. One of them is replaced;
   * with her the service would end.
   */
  private static final int SCORE_ABOVE_OURS = 900;

  /** A spare is missed less than a worker. */
  private static final int SCORE_OF_SPARES = 990;

  /** The class path of the mother's own JVM; a worker's stands in its command. */
  private static final String CLASS_PATH = "CLASSPATH";

  /** What a worker does not get of our environment. */
  private static final Set<String> OURS =
      Stream.concat(Notifier.VARIABLES.stream(), Stream.of(CLASS_PATH, HandoverLink.VARIABLE))
          .collect(Collectors.toUnmodifiableSet());

  /**
   * Starts the program of a worker, confined.
   *
   * @throws StartException where there is no child
   */
  static LaunchedWorker of(StageId stage, int index, int build, Confinement confinement)
      throws StartException {
    String name = stage.text() + "/" + index;
    List<String> command = words(name, () -> WorkerCommand.of(stage, index));
    return of(name, command, false, build, start -> confinement.start(stage, start));
  }

  /**
   * Starts the program of a spare, confined as far as all stages are.
   *
   * @throws StartException where there is no child
   */
  public static LaunchedWorker ofSpare(int index, int build, Confinement confinement)
      throws StartException {
    String name = "spare/" + index;
    List<String> command = words(name, () -> WorkerCommand.ofSpare(index));
    return of(name, command, true, build, confinement::startSpare);
  }

  /**
   * Starts the program of the cluster's process, confined.
   *
   * @param reach what it may connect to
   * @throws StartException where there is no child
   */
  public static LaunchedWorker cluster(Confinement confinement, ClusterReach reach)
      throws StartException {
    List<String> command = words("cluster", WorkerCommand::cluster);
    return of("cluster", command, false, 0, start -> confinement.startCluster(reach, start));
  }

  /** Who knows the words of a command. */
  private interface Words {
    List<String> get() throws StartException;
  }

  /** The words, or what keeps from finding them: a folder cannot be read without a descriptor. */
  private static List<String> words(String name, Words words) throws StartException {
    try {
      return words.get();
    } catch (StartException e) {
      throw new StartException("cannot start " + name + ": " + e.getMessage(), e);
    }
  }

  /** Who starts a program, confined as it is to be. */
  private interface Starter {
    ChildProcess start(Callable<ChildProcess> start) throws IOException;
  }

  private static LaunchedWorker of(
      String name, List<String> command, boolean spare, int build, Starter starter)
      throws StartException {
    int[] link = new int[0];
    int[] errors = new int[0];
    ChildProcess child;
    try {
      // A packet socket keeps messages apart, and tells when the other end has gone.
      link = Sockets.pair(Const.SOCK_SEQPACKET);
      errors = Pipes.open();
      int input = link[1];
      int output = errors[1];
      // Standard output is the access log's, whose descriptor the worker gets with START.
      int score = ProcessState.scoreAboveOurs(spare ? SCORE_OF_SPARES : SCORE_ABOVE_OURS);
      child = starter.start(() -> ChildProcess.start(command, input, output, OURS, score));
    } catch (IOException | SystemCallException e) {
      close(link);
      close(errors);
      throw new StartException("cannot start " + name + ": " + e.getMessage(), e);
    }
    // Our copies of the child's ends must go, or its death would never show as an end of file.
    Libc.close(link[1]);
    Libc.close(errors[1]);
    return new LaunchedWorker(child, link[0], errors[0], spare, build, false);
  }

  /** Whether its process has not ended. */
  boolean lives() {
    return !Sockets.isReadable(process.pidfd());
  }

  /** Ends it, where nobody has taken it over. */
  void end() {
    process.kill();
    process.reap();
    Libc.close(link);
    Libc.close(errors);
  }

  /** Makes a spare, which has become a worker, missed as much as any other. */
  public static void becomesWorker(int pid) {
    ProcessState.score(pid, ProcessState.scoreAboveOurs(SCORE_ABOVE_OURS));
  }

  /**
   * @param its which build it says it is of
   * @throws ControlException where that is not the one that it is to be of
   */
  public static void requireBuild(int its, int build) throws ControlException {
    if (its != build) {
      throw new ControlException(
          "that it is of another build ("
              + Build.text(its)
              + ") than the server ("
              + Build.text(build)
              + ")");
    }
  }

  private static void close(int[] fds) {
    for (int fd : fds) {
      Libc.close(fd);
    }
  }
}
