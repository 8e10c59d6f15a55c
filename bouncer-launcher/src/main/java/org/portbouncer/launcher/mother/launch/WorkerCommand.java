package org.portbouncer.launcher.mother.launch;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.worker.Build;
import org.portbouncer.launcher.mother.ground.StartException;

/**
 * The command line of a worker's JVM: the same JDK as the mother's, the two jars its stage needs (a
 * spare has those of all stages), and what is the stage's own; what all workers have in common,
 * java reads from bin/worker.options.
 */
public final class WorkerCommand {

  private static final String NEGOTIATE_MAIN =
      "org.portbouncer.negotiator.negotiate.NegotiateWorker";
  private static final String ACL_MAIN = "org.portbouncer.acl.acl.AclWorker";
  private static final String CONNECT_MAIN = "org.portbouncer.negotiator.connect.ConnectWorker";
  private static final String BANDWIDTH_MAIN = "org.portbouncer.acl.bandwidth.BandwidthWorker";
  private static final String IO_MAIN = "org.portbouncer.io.IoWorker";
  private static final String CLUSTER_MAIN = "org.portbouncer.negotiator.cluster.ClusterWorker";
  private static final String SPARE_MAIN = "org.portbouncer.core.worker.SpareMain";

  private static final String CORE = "bouncer-core";
  private static final String NEGOTIATOR = "bouncer-negotiator";
  private static final String ACL = "bouncer-acl";
  private static final String IO = "bouncer-io";

  /** What can be a worker of any stage has them all. */
  private static final List<String> MODULES = List.of(CORE, NEGOTIATOR, ACL, IO);

  private static final Path OPTIONS =
      Path.of(System.getProperty("bouncer.home", ""), "bin", "worker.options");

  private static final String OPTIONS_OF_OPERATOR = "BOUNCER_WORKER_JAVA_OPTS";

  private WorkerCommand() {}

  /** MiB, of those who hold a session for as long as it takes to pass it on. */
  private static final int HEAP = 64;

  /** MiB, of those who hold all sessions that live. */
  private static final int HEAP_OF_IO = 128;

  /**
   * What differs between the processes.
   *
   * @param module what is on the class path beside core
   * @param heap the limit, in MiB
   */
  private record Role(String module, String mainClass, int heap) {}

  private static Role role(StageId stage) {
    return switch (stage) {
      case NEGOTIATE -> new Role(NEGOTIATOR, NEGOTIATE_MAIN, HEAP);
      case ACL -> new Role(ACL, ACL_MAIN, HEAP);
      case CONNECT -> new Role(NEGOTIATOR, CONNECT_MAIN, HEAP);
      case BANDWIDTH -> new Role(ACL, BANDWIDTH_MAIN, HEAP);
      case IO -> new Role(IO, IO_MAIN, HEAP_OF_IO);
    };
  }

  /**
   * The words of the command.
   *
   * @throws StartException where a jar is missing
   */
  static List<String> of(StageId stage, int index) throws StartException {
    Role role = role(stage);
    return of(
        stage.text(), index, role.heap(), List.of(CORE, role.module()), List.of(role.mainClass()));
  }

  /**
   * The words of the command of the cluster's process.
   *
   * @throws StartException where a jar is missing
   */
  static List<String> cluster() throws StartException {
    return of("cluster", 0, HEAP, List.of(CORE, NEGOTIATOR), List.of(CLUSTER_MAIN));
  }

  /**
   * The words of the command for a process that can become a worker of any stage.
   *
   * @throws StartException where a jar is missing
   */
  static List<String> ofSpare(int index) throws StartException {
    List<String> main = new ArrayList<>(List.of(SPARE_MAIN, Integer.toString(index)));
    int heap = 0;
    for (StageId stage : StageId.values()) {
      main.add(role(stage).mainClass());
      heap = Math.max(heap, role(stage).heap());
    }
    return of("spare", index, heap, MODULES, main);
  }

  /**
   * @param heap its limit, in MiB
   * @param modules whose jars are on the class path
   * @param main the main class and its arguments
   */
  private static List<String> of(
      String name, int index, int heap, List<String> modules, List<String> main)
      throws StartException {
    List<String> words = new ArrayList<>();
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    words.add(require(java, Files.isExecutable(java)).toString());
    // Out of the command line, which people read in `ps`.
    words.add("@" + OPTIONS);
    require(OPTIONS, Files.isReadable(OPTIONS));
    words.add("-Xmx" + heap + "m");
    words.addAll(classCache(name, index));
    // The operator's come last: what is given twice is what was given last.
    String options = System.getenv(OPTIONS_OF_OPERATOR);
    if (options != null && !options.isBlank()) {
      words.addAll(List.of(options.strip().split("\\s+")));
    }
    words.add("-Dbouncer.worker=" + name + "/" + index);
    words.add("-cp");
    words.add(jars(modules).stream().map(Path::toString).collect(Collectors.joining(":")));
    words.addAll(main);
    return words;
  }

  /** What the operator has given workers' JVMs, as it is written; "" where that is nothing. */
  public static String givenOptions() {
    String options = System.getenv(OPTIONS_OF_OPERATOR);
    return options == null || options.isBlank() ? "" : OPTIONS_OF_OPERATOR + "=" + options.strip();
  }

  /**
   * Classes loaded and linked ahead, see bin/make-cache: where they are read from, or, while they
   * are made, where the first worker of each stage leaves them.
   */
  private static List<String> classCache(String name, int index) {
    String record = System.getProperty("bouncer.record");
    if (record != null) {
      return index > 0
          ? List.of()
          : List.of(
              "-XX:AOTCacheOutput=" + file(record, name),
              "-Xlog:disable",
              "-Xlog:all=warning:stderr");
    }
    Path archive = ClassCache.of(name);
    return archive == null ? List.of() : List.of("-XX:AOTCache=" + archive);
  }

  /**
   * Which build a stage's workers are of, if they are started with the jars that lie there now.
   *
   * @throws StartException where a jar is missing
   */
  public static int build(StageId stage) throws StartException {
    return build(List.of(CORE, role(stage).module()));
  }

  /**
   * Which build a spare is of, if it is started with the jars that lie there now.
   *
   * @throws StartException where a jar is missing
   */
  static int buildOfSpare() throws StartException {
    return build(MODULES);
  }

  private static int build(List<String> modules) throws StartException {
    List<Path> jars = jars(modules);
    try {
      return Build.of(jars);
    } catch (IOException e) {
      throw new StartException("cannot read " + jars + ": " + e.getMessage(), e);
    }
  }

  private static Path file(String folder, String name) {
    return Path.of(folder, name + ".aot");
  }

  private static List<Path> jars(List<String> modules) throws StartException {
    List<Path> jars = new ArrayList<>();
    for (String module : modules) {
      jars.add(Path.of(jar(module)));
    }
    return jars;
  }

  private static String jar(String module) throws StartException {
    String lib = System.getProperty("bouncer.lib");
    if (lib == null) {
      throw new StartException("bouncer.lib is not set: start the server through bin/bouncer");
    }
    try (Stream<Path> files = Files.list(Path.of(lib))) {
      Path jar =
          files
              .filter(
                  f ->
                      f.getFileName().toString().startsWith(module + "-")
                          && f.toString().endsWith(".jar"))
              .findFirst()
              .orElseThrow(() -> new StartException(lib + " holds no " + module + " jar"));
      return require(jar, Files.isReadable(jar)).toString();
    } catch (AccessDeniedException e) {
      throw new StartException(unreachable(Path.of(lib)), e);
    } catch (FileSystemException e) {
      String why = e.getReason() == null ? e.getMessage() : e.getReason();
      throw new StartException(lib + " cannot be read: " + why, e);
    } catch (IOException e) {
      throw new StartException(lib + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** A server that root has started may lie where its own user cannot reach it. */
  private static Path require(Path file, boolean granted) throws StartException {
    if (!granted) {
      throw new StartException(unreachable(file));
    }
    return file;
  }

  private static String unreachable(Path file) {
    return file + " cannot be read by the user that the server runs as";
  }
}
