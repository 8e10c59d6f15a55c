package org.portbouncer.core.sys;

/** What the kernel says of another process of ours. Any thread. */
public final class ProcessState {

  private static final int NAME_BYTES = 15;
  private static final int WORST_SCORE = 1000;

  private ProcessState() {}

  /** What {@link #of} says of a process that is not there. */
  public static final char GONE = 'X';

  /**
   * The state of a process as proc(5) gives it: R runs, S sleeps, D waits in the kernel, T is
   * stopped, t is stopped by a tracer, Z has died and waits for its parent to take notice; {@link
   * #GONE} where there is none, and a blank where the kernel does not say.
   */
  public static char of(int pid) {
    // "PID (NAME) STATE …", and the name may hold anything, parentheses too.
    String stat = ProcFile.read("/proc/" + pid + "/stat");
    int state = stat == null ? 0 : stat.lastIndexOf(')') + 2;
    if (state > 1 && state < stat.length()) {
      return stat.charAt(state);
    }
    // Not there, or gone while it was read; or proc(5) is mounted with hidepid, and does not show
    // one worker to another.
    return Libc.kill(pid, 0) == -Errno.ESRCH ? GONE : ' ';
  }

  /** The parent of a process; 0 where there is none that can be seen. */
  public static int parent(int pid) {
    String stat = ProcFile.read("/proc/" + pid + "/stat");
    int state = stat == null ? 0 : stat.lastIndexOf(')') + 2;
    if (state <= 1 || state >= stat.length()) {
      return 0;
    }
    return Integer.parseInt(stat.substring(state).split(" ", 3)[1]);
  }

  /**
   * The oom_score_adj (proc(5)) of a process that the kernel is to end before ours, where memory
   * runs out.
   *
   * @param more than our own by so much, at most 1000 in all
   */
  public static int scoreAboveOurs(int more) {
    String own = ProcFile.read("/proc/self/oom_score_adj");
    return Math.min(WORST_SCORE, (own == null ? 0 : Integer.parseInt(own.strip())) + more);
  }

  /** Sets another process's oom_score_adj, as far as the kernel lets us. */
  public static void score(int pid, int score) {
    ProcFile.write("/proc/" + pid + "/oom_score_adj", Integer.toString(score));
  }

  /** Sets the name of this process as `ps -o comm` and `top` show it: the first 15 bytes. */
  public static void name(String name) {
    // By prctl(2) a thread names itself alone, and this is not the one that stands for all.
    ProcFile.write(
        "/proc/self/task/" + ProcessHandle.current().pid() + "/comm",
        name.substring(0, Math.min(NAME_BYTES, name.length())));
  }

  /** Whether the process has gone, or has died and waits for its parent to take notice. */
  public static boolean isDead(int pid) {
    char state = of(pid);
    return state == 'Z' || state == GONE;
  }
}
