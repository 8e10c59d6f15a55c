package org.portbouncer.launcher.mother;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.worker.Build;

/**
 * The command line of a worker's JVM: the same JDK as the mother's, the two jars its stage needs,
 * and settings by role. What each setting is for stands beside it; the choice was measured, see
 * docs/performance.md, "JVM settings".
 */
final class WorkerCommand {

  private WorkerCommand() {}

  private record Role(String module, String mainClass) {}

  private static Role role(StageId stage) {
    return switch (stage) {
      case NEGOTIATE ->
          new Role("bouncer-negotiator", "org.portbouncer.negotiator.negotiate.NegotiateWorker");
      case ACL -> new Role("bouncer-acl", "org.portbouncer.acl.acl.AclWorker");
      case CONNECT ->
          new Role("bouncer-negotiator", "org.portbouncer.negotiator.connect.ConnectWorker");
      case BANDWIDTH -> new Role("bouncer-acl", "org.portbouncer.acl.bandwidth.BandwidthWorker");
      case IO -> new Role("bouncer-io", "org.portbouncer.io.IoWorker");
    };
  }

  /**
   * The words of the command.
   *
   * @throws StartException where a jar is missing
   */
  static List<String> of(StageId stage, int index) throws StartException {
    Role role = role(stage);
    List<String> words = new ArrayList<>();
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    words.add(require(java, Files.isExecutable(java)).toString());
    // One thread works; a parallel collector's threads would only sit there.
    words.add("-XX:+UseSerialGC");
    words.add("-Xms8m");
    words.add(stage == StageId.IO ? "-Xmx128m" : "-Xmx64m");
    words.add("-Xss256k");
    words.add("-XX:ReservedCodeCacheSize=24m");
    words.add("-XX:-UsePerfData");
    // What a start runs some hundred times is not worth compiling, for six processes at once on few
    // cores; what every session passes through is known from the class cache, and compiled before.
    words.add("-XX:Tier3InvocationThreshold=3000");
    words.add("-XX:Tier3MinInvocationThreshold=1500");
    words.add("-XX:Tier3CompileThreshold=8000");
    // A call into C is a lot of code when it is compiled, and every session makes some thirty.
    words.add("-XX:CompileCommand=quiet");
    words.add("-XX:CompileCommand=dontinline,org.portbouncer.core.sys.Downcall::invoke*");
    // What has been compiled by itself and is large is called, not compiled again in its callers.
    words.add("-XX:InlineSmallCode=600");
    // Signals are the mother's; what the VM itself has to say goes where logs go.
    words.add("-Xrs");
    words.add("-XX:+DisplayVMOutputToStderr");
    words.add("-XX:+ExitOnOutOfMemoryError");
    // Not into a file in whatever folder the server was started in.
    words.add("-XX:+ErrorFileToStderr");
    words.add("--enable-native-access=ALL-UNNAMED");
    words.addAll(classCache(stage, index));
    // The operator's come last: what is given twice is what was given last.
    String options = System.getenv("BOUNCER_WORKER_JAVA_OPTS");
    if (options != null && !options.isBlank()) {
      words.addAll(List.of(options.strip().split("\\s+")));
    }
    words.add("-Dbouncer.worker=" + stage.text() + "/" + index);
    words.add("-cp");
    words.add(jar("bouncer-core") + ":" + jar(role.module()));
    words.add(role.mainClass());
    return words;
  }

  /**
   * Classes loaded and linked ahead, see bin/make-cache: where they are read from, or, while they
   * are made, where the first worker of each stage leaves them. One that does not fit is no news.
   */
  private static List<String> classCache(StageId stage, int index) {
    String record = System.getProperty("bouncer.record");
    if (record != null) {
      return index > 0 ? List.of() : List.of("-XX:AOTCacheOutput=" + file(record, stage));
    }
    String cache = System.getProperty("bouncer.cache", "");
    if (cache.isEmpty() || !Files.exists(file(cache, stage))) {
      return List.of();
    }
    return List.of(
        "-XX:AOTCache=" + file(cache, stage),
        "-Xlog:disable",
        "-Xlog:all=warning,aot*=off,cds*=off:stderr");
  }

  /**
   * Which build a stage's workers are of, if they are started with the jars that lie there now.
   *
   * @throws StartException where a jar is missing
   */
  static int build(StageId stage) throws StartException {
    List<Path> jars = List.of(Path.of(jar("bouncer-core")), Path.of(jar(role(stage).module())));
    try {
      return Build.of(jars);
    } catch (IOException e) {
      throw new StartException("cannot read " + jars + ": " + e.getMessage(), e);
    }
  }

  private static Path file(String folder, StageId stage) {
    return Path.of(folder, stage.text() + ".aot");
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
