package org.portbouncer.launcher.mother.machine;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * What the threads of a worker have had of the processors so far, as /proc/PID/task/TID/schedstat
 * says. In the mother.
 *
 * @param threads by their ids
 */
public record ProcessorTime(Map<String, OfThread> threads) {

  /** The VM's name of the thread that began at main, and runs the loop. */
  private static final String LOOP = "main";

  /**
   * One thread.
   *
   * @param loop whether it is the loop's
   * @param ready whether it runs or could run, now
   * @param ran ns
   * @param waited ready, and not running, ns; a wait counts when it is over
   * @param turns how often it was given a processor
   */
  record OfThread(boolean loop, boolean ready, long ran, long waited, long turns) {

    private static OfThread read(Path thread) throws IOException {
      String stat = Files.readString(thread.resolve("stat"));
      String[] times = Files.readString(thread.resolve("schedstat")).strip().split(" ", -1);
      return new OfThread(
          Files.readString(thread.resolve("comm")).strip().equals(LOOP),
          // "TID (NAME) STATE …", and the name may hold anything.
          stat.charAt(stat.lastIndexOf(')') + 2) == 'R',
          Long.parseLong(times[0]),
          Long.parseLong(times[1]),
          Long.parseLong(times[2]));
    }

    private boolean waitedSince(OfThread then, long nanos) {
      return waited - then.waited > nanos / 2 || ready && then.ready && turns == then.turns;
    }
  }

  /** Of a worker; of no thread where that cannot be read. */
  public static ProcessorTime of(long pid) {
    Map<String, OfThread> threads = new HashMap<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
      for (Path thread : all) {
        threads.put(String.valueOf(thread.getFileName()), OfThread.read(thread));
      }
    } catch (IOException | RuntimeException gone) {
      // It went while it was read; or this kernel counts nothing.
    }
    return new ProcessorTime(threads);
  }

  /**
   * Whether a loop that did not turn since was kept from it by others: it, or a thread that it may
   * wait for, as the collector's, has waited for a processor for most of the time. One that hangs
   * in a loop of its own runs when it may.
   *
   * @param nanos since then
   */
  public boolean starvedSince(ProcessorTime then, long nanos) {
    boolean waited = false;
    for (Map.Entry<String, OfThread> entry : threads.entrySet()) {
      OfThread thread = entry.getValue();
      OfThread before = then.threads.get(entry.getKey());
      if (before == null) {
        continue;
      }
      if (thread.loop && thread.ran - before.ran > nanos / 8) {
        return false;
      }
      waited |= thread.waitedSince(before, nanos);
    }
    return waited;
  }
}
