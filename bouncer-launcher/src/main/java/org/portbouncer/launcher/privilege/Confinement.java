package org.portbouncer.launcher.privilege;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Seccomp;
import org.portbouncer.core.sys.SystemCallException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes from workers what their stage does not need, as far as the kernel offers that.
 *
 * <p>What a thread has given up, a program that it starts does not have: so each worker is started
 * by a thread made for it, which first gives up what that worker shall not have, and then ends.
 * What a VM needs for its own start is taken later, by the filter that the worker puts on itself.
 *
 * <p>In the mother, on her loop's thread.
 */
public final class Confinement {

  private static final byte[] NONE = {};

  /** From these versions on Landlock knows TCP, and signals and abstract Unix sockets. */
  private static final int TCP = 4;

  private static final int SCOPES = 6;

  /** Of name servers. */
  private static final int DNS = 53;

  /**
   * Whether classes are being recorded for the class cache: a VM that does so starts another at its
   * end, to write it. All is made ready then, and nothing put on.
   */
  private static final boolean RECORDING = System.getProperty("bouncer.record") != null;

  private final boolean wanted;
  private final SocketRights rights;
  private final int landlock;
  private final Machine machine;

  /** By stage; those of workers that were spares behind the others. */
  private final CallFilter[] filters = new CallFilter[2 * StageId.count()];

  private Confinement(boolean wanted, SocketRights rights, int landlock, Machine machine) {
    this.wanted = wanted;
    this.rights = rights;
    this.landlock = landlock;
    this.machine = machine;
  }

  /**
   * Finds out what this kernel offers, and says it in the log.
   *
   * @param wanted whether workers are to be confined at all
   * @param rights what connect workers keep for their sockets
   */
  public static Confinement detect(boolean wanted, SocketRights rights) {
    // Not for the whole class: forerunners are started before there is a log.
    Logger log = LoggerFactory.getLogger(Confinement.class);
    if (rights.capability() >= 0) {
      log.info("connect workers keep {}", rights.text());
    }
    if (!wanted) {
      log.warn("confine = false: a worker that is taken over may do whatever its user may");
      return new Confinement(false, rights, 0, null);
    }
    Confinement usual = usual(rights);
    int landlock = usual.landlock;
    List<String> has = new ArrayList<>(List.of("no_new_privs"));
    List<String> misses = new ArrayList<>();
    (landlock > 0 ? has : misses).add("Landlock" + (landlock > 0 ? " " + landlock : ""));
    if (landlock > 0 && landlock < TCP) {
      misses.add("Landlock for TCP");
    }
    if (landlock > 0 && landlock < SCOPES) {
      misses.add("Landlock for signals and abstract sockets");
    }
    (usual.machine != null ? has : misses).add("system call filter");
    log.info("workers are confined by {}", String.join(", ", has));
    if (!misses.isEmpty()) {
      log.warn("this kernel does not offer {}: workers run without", String.join(", nor ", misses));
    }
    return usual;
  }

  /** That of a server that confines its workers, and whose sockets are as any program's. */
  public static Confinement usual() {
    return usual(SocketRights.none());
  }

  private static Confinement usual(SocketRights rights) {
    Machine machine = Seccomp.available() ? Machine.current() : null;
    return new Confinement(true, rights, Landlock.version(), machine);
  }

  /** Whether workers of that stage are started no other way than by {@link #usual}. */
  public boolean isUsual(StageId stage) {
    return wanted && capability(stage) == SocketRights.NONE;
  }

  /**
   * Starts a worker's process.
   *
   * @param start what starts it, called on a thread that is confined
   * @throws IOException where it cannot be started, or not be confined as the kernel promised, or
   *     no thread is to be had: whatever it was may be over the next time
   */
  public <T> T start(StageId stage, Callable<T> start) throws IOException {
    return start(
        stage.text(), () -> rules(StageCalls.of(stage).connects()), capability(stage), start);
  }

  /**
   * Starts the cluster's process, which connects to Redis.
   *
   * @param reach where that may be
   * @param start as for {@link #start}
   * @throws IOException as {@link #start}
   */
  public <T> T startCluster(ClusterReach reach, Callable<T> start) throws IOException {
    return start("cluster", () -> clusterRules(reach), SocketRights.NONE, start);
  }

  /**
   * Starts a process that can become a worker of any stage: confined as one of the stage that needs
   * the most. What its own needs less its filter takes from it, see {@link #filter}.
   *
   * @param start as for {@link #start}
   * @throws IOException as {@link #start}
   */
  public <T> T startSpare(Callable<T> start) throws IOException {
    return start("spare", () -> rules(true), SocketRights.NONE, start);
  }

  private <T> T start(String name, Supplier<Landlock> rules, int capability, Callable<T> start)
      throws IOException {
    try {
      return wanted || capability >= 0
          ? startConfined(name, rules, capability, start)
          : start.call();
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e.getMessage(), e);
    } catch (OutOfMemoryError e) {
      // What the VM says where it gets no thread; without memory it ends itself.
      throw new IOException("no thread is to be had (RLIMIT_NPROC, pids.max)", e);
    }
  }

  private <T> T startConfined(
      String name, Supplier<Landlock> rules, int capability, Callable<T> start) throws IOException {
    // Made for each start, and no longer kept: an upgrade may put other files in the place of those
    // that the rules are about.
    try (Landlock given = rules.get()) {
      FutureTask<T> task =
          new FutureTask<>(
              () -> {
                giveUp(given, capability);
                return start.call();
              });
      Thread.ofPlatform().name("start-" + name).start(task);
      return task.get();
    } catch (SystemCallException e) {
      throw new IOException("cannot confine it: " + e.getMessage(), e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io
          ? io
          : new IOException(e.getCause().getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** What connect workers keep for their sockets. */
  public SocketRights rights() {
    return rights;
  }

  /** The one that workers of that stage keep. */
  private int capability(StageId stage) {
    return StageCalls.of(stage).connects() ? rights.capability() : SocketRights.NONE;
  }

  /** In the thread that is made for one worker. */
  private void giveUp(Landlock rules, int capability) {
    // As root a worker reads the jars of whoever they are, and has more descriptors on their way
    // than others may; as another user it has no capability but this one.
    if (wanted && !RECORDING) {
      Capabilities.bound(Const.CAP_DAC_OVERRIDE, Const.CAP_SYS_RESOURCE, capability);
    }
    if (capability >= 0) {
      Capabilities.passOn(capability);
    }
    if (wanted && !RECORDING) {
      SystemCallException.check("prctl", Libc.prctl(Const.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    }
    if (rules != null && !RECORDING) {
      rules.restrict();
    }
  }

  /** The rules for a worker; those who connect have others than the rest. Null for none. */
  private Landlock rules(boolean targets) {
    if (landlock == 0) {
      return null;
    }
    return made(
        Landlock.create(landlock, targets),
        rules -> {
          WorkerFiles.allow(rules, targets);
          if (targets) {
            rules.allowSources();
          }
        });
  }

  private static Landlock made(Landlock rules, Consumer<Landlock> allow) {
    try {
      allow.accept(rules);
      return rules;
    } catch (SystemCallException e) {
      rules.close();
      throw e;
    }
  }

  /** Those of the cluster's process. */
  private Landlock clusterRules(ClusterReach reach) {
    if (landlock == 0) {
      return null;
    }
    return made(
        Landlock.create(landlock, landlock < TCP),
        rules -> {
          // The JDK's list of who signs lies in /etc on some systems, beside what names are
          // resolved by.
          WorkerFiles.allow(rules, true);
          if (landlock >= TCP) {
            reach.ports().forEach(rules::allowPort);
            if (reach.names()) {
              rules.allowPort(DNS);
            }
          }
        });
  }

  /**
   * The filter of system calls for the cluster's process.
   *
   * @param pid the process
   * @param reach what it may connect to
   * @return empty for none
   */
  public byte[] clusterFilter(int pid, ClusterReach reach) {
    return machine == null || RECORDING
        ? NONE
        : CallFilter.ofCluster(machine, reach.names()).bytes(pid);
  }

  /**
   * The filter of system calls for the keeper of an io worker.
   *
   * @return empty for none
   */
  public byte[] keeperFilter() {
    return machine == null || RECORDING ? NONE : CallFilter.bytes(KeeperFilter.program(machine), 0);
  }

  /**
   * Whether a process that was started as a spare is, once it serves, confined no less than others
   * of its stage. That takes a filter where they have Landlock.
   */
  public boolean allowsSpares() {
    return !wanted || landlock == 0 || machine != null;
  }

  /** Whether a spare can serve that stage: it has no capability, and can be given none. */
  public boolean spareFits(StageId stage) {
    return capability(stage) == SocketRights.NONE;
  }

  /**
   * The filter of system calls for a worker to put on once it has started. Landlock lets one that
   * was a spare read what name look-ups take, and connect. Filters refuse the second to all stages
   * but connect; with the first they refuse it all files: it has loaded its classes.
   *
   * @param pid its process
   * @param spare whether it was one
   * @return empty for none
   */
  public byte[] filter(StageId stage, int pid, boolean spare) {
    if (machine == null) {
      return NONE;
    }
    int which = stage.ordinal() + (spare ? StageId.count() : 0);
    if (filters[which] == null) {
      filters[which] =
          new CallFilter(machine, stage, rights.mptcp(), !spare || StageCalls.of(stage).connects());
    }
    byte[] program = filters[which].bytes(pid);
    return RECORDING ? NONE : program;
  }
}
