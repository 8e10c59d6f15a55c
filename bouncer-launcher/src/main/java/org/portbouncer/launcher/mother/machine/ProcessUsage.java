package org.portbouncer.launcher.mother.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a process uses, as proc(5) tells. In the mother, from any thread. */
public final class ProcessUsage {

  /** USER_HZ, which is the same on every Linux that Java runs on. */
  private static final long TICK_NANOS = 10_000_000;

  private static final String RESIDENT = "VmRSS:";

  private ProcessUsage() {}

  /** Resident memory; 0 where the process is not there. */
  public static long residentBytes(long pid) {
    try {
      for (String line : Files.readAllLines(proc(pid, "status"))) {
        if (line.startsWith(RESIDENT)) { // "VmRSS:     61508 kB"
          return 1024
              * Long.parseLong(line.substring(RESIDENT.length(), line.length() - 3).strip());
        }
      }
    } catch (IOException | RuntimeException gone) {
      // It went while it was read.
    }
    return 0;
  }

  /** User and system time so far; 0 where the process is not there. */
  public static long cpuNanos(long pid) {
    try {
      // "PID (NAME) STATE …", and the name may hold anything, parentheses too.
      String stat = Files.readString(proc(pid, "stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return TICK_NANOS * (Long.parseLong(fields[11]) + Long.parseLong(fields[12]));
    } catch (IOException | RuntimeException gone) {
      return 0;
    }
  }

  private static Path proc(long pid, String file) {
    return Path.of("/proc/" + pid + "/" + file);
  }
}
