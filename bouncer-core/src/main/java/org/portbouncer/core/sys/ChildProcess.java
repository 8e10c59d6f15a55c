package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A program that this process has started and has to reap, without any thread for it: its end shows
 * on a pidfd, which a loop watches. The JDK's own way keeps a thread for each child, and where none
 * is to be had the child runs and nobody waits for it. In the mother, on her loop's thread; {@link
 * #start} on any.
 */
public final class ChildProcess {

  /** What executes another program in its own place once a file is written. */
  public static final String SHELL = "/bin/sh";

  private static final int POSIX_SPAWN_SETSIGMASK = 8;
  private static final int SIGKILL = 9;

  /** What the exit code of one that a signal ended is above. */
  private static final int SIGNALED = 128;

  /** As the JDK has made text of what came from outside. */
  private static final Charset NATIVE =
      Charset.forName(
          System.getProperty("sun.jnu.encoding", StandardCharsets.UTF_8.name()),
          StandardCharsets.UTF_8);

  private final int pid;
  private final int pidfd;

  private ChildProcess(int pid, int pidfd) {
    this.pid = pid;
    this.pidfd = pidfd;
  }

  /**
   * Starts a program with an empty signal mask, {@code input} as standard input, /dev/null as
   * standard output, {@code errors} as standard error, and no other descriptor of ours. What the
   * calling thread has given up the program does not have.
   *
   * @param command its absolute path, and what it is called with
   * @param without variables of our environment that it does not get
   * @throws SystemCallException where it cannot be started; EAGAIN where there may be no more
   *     processes
   */
  public static ChildProcess start(
      List<String> command, int input, int errors, Set<String> without) {
    return spawn(
        command,
        without,
        List.of(),
        (actions, nowhere) -> {
          // A descriptor that has its number already would stay close-on-exec: none of these has 0
          // or 2.
          check(LibcProcess.actionsDup2(actions, input, 0));
          check(LibcProcess.actionsOpen(actions, 1, nowhere, Const.O_WRONLY, 0));
          check(LibcProcess.actionsDup2(actions, errors, 2));
          check(LibcProcess.actionsCloseFrom(actions, 3));
        });
  }

  /**
   * The same, with an oom_score_adj (proc(5)) of its own from its first instruction on. No call of
   * posix_spawn(3) sets one, and once the program runs it is too late: so a shell does, which then
   * becomes the program. Where /proc cannot be written the program has ours.
   *
   * @param score not below ours
   * @throws SystemCallException as {@link #start(List, int, int, Set)}; a program that cannot be
   *     executed ends with 126 or 127 instead
   */
  public static ChildProcess start(
      List<String> command, int input, int errors, Set<String> without, int score) {
    // Appended to: Landlock lets nobody truncate what is below /proc.
    String first = "{ echo " + score + " >>/proc/self/oom_score_adj; } 2>/dev/null; exec \"$@\"";
    List<String> words = new ArrayList<>(List.of(SHELL, "-c", first, SHELL));
    words.addAll(command);
    return start(words, input, errors, without);
  }

  /**
   * Starts a program that is to go on beside this one: with an empty signal mask, /dev/null as
   * standard input, our standard output and error, {@code link} as descriptor 3, and no other.
   *
   * @param command its absolute path, and what it is called with
   * @param without variables of our environment that it does not get
   * @param with what it gets besides, each {@code NAME=value}
   * @throws SystemCallException where it cannot be started
   */
  public static ChildProcess startBeside(
      List<String> command, int link, Set<String> without, List<String> with) {
    return spawn(
        command,
        without,
        with,
        (actions, nowhere) -> {
          check(LibcProcess.actionsOpen(actions, 0, nowhere, Const.O_RDONLY, 0));
          check(LibcProcess.actionsDup2(actions, link, 3));
          check(LibcProcess.actionsCloseFrom(actions, 4));
        });
  }

  /** What a child's descriptors are. */
  private interface DescriptorsOf {
    /**
     * @param actions where it is noted
     * @param nowhere the path of /dev/null
     */
    void note(long actions, long nowhere);
  }

  private static ChildProcess spawn(
      List<String> command, Set<String> without, List<String> with, DescriptorsOf descriptors) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment actions = arena.allocate(LibcProcess.ROOM, 16);
      MemorySegment attributes = arena.allocate(LibcProcess.ROOM, 16);
      MemorySegment mask = arena.allocate(LibcProcess.ROOM, 16);
      check(LibcProcess.actionsInit(actions.address()));
      check(LibcProcess.attributesInit(attributes.address()));
      try {
        descriptors.note(actions.address(), Native.string(arena, "/dev/null"));
        LibcProcess.sigemptyset(mask.address());
        check(LibcProcess.attributesMask(attributes.address(), mask.address()));
        check(LibcProcess.attributesFlags(attributes.address(), POSIX_SPAWN_SETSIGMASK));
        MemorySegment pid = arena.allocate(8, 8);
        check(
            LibcProcess.posixSpawn(
                pid.address(),
                string(arena, command.getFirst()),
                actions.address(),
                attributes.address(),
                arguments(arena, command),
                environment(arena, without, with)));
        return watched(pid.get(JAVA_INT, 0));
      } finally {
        LibcProcess.actionsDestroy(actions.address());
        LibcProcess.attributesDestroy(attributes.address());
      }
    }
  }

  private static void check(int errno) {
    if (errno != 0) {
      throw new SystemCallException("posix_spawn", errno);
    }
  }

  /** A child whose end could not be seen is none. */
  private static ChildProcess watched(int pid) {
    int pidfd = KernelCalls.pidfdOpen(pid);
    if (pidfd < 0) {
      Libc.kill(pid, SIGKILL);
      wait(pid);
      throw new SystemCallException("pidfd_open", -pidfd);
    }
    return new ChildProcess(pid, pidfd);
  }

  /**
   * Another process that has this one as its parent, though this one did not start it.
   *
   * @throws SystemCallException where there is none of that number
   */
  public static ChildProcess adopt(int pid) {
    int pidfd = KernelCalls.pidfdOpen(pid);
    SystemCallException.check("pidfd_open", pidfd);
    return new ChildProcess(pid, pidfd);
  }

  /**
   * Copies memory of the process.
   *
   * @param address there
   * @return bytes copied, or the negated errno
   */
  public long read(long address, MemorySegment to, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment vectors = arena.allocate(32, 8);
      vectors.set(JAVA_LONG, 0, to.address());
      vectors.set(JAVA_LONG, 8, length);
      vectors.set(JAVA_LONG, 16, address);
      vectors.set(JAVA_LONG, 24, length);
      return LibcProcess.readMemory(pid, vectors.address(), vectors.address() + 16);
    }
  }

  private static long string(Arena arena, String text) {
    byte[] bytes = text.getBytes(NATIVE);
    MemorySegment segment = arena.allocate(bytes.length + 1L);
    MemorySegment.copy(bytes, 0, segment, JAVA_BYTE, 0, bytes.length);
    return segment.address();
  }

  private static long arguments(Arena arena, List<String> command) {
    return pointers(arena, command.stream().map(word -> string(arena, word)).toList());
  }

  private static long pointers(Arena arena, List<Long> addresses) {
    MemorySegment all = arena.allocate(8L * (addresses.size() + 1), 8);
    for (int i = 0; i < addresses.size(); i++) {
      all.set(JAVA_LONG, 8L * i, addresses.get(i));
    }
    return all.address();
  }

  /** Our own, byte for byte: text would change what is not in this locale's encoding. */
  private static long environment(Arena arena, Set<String> without, List<String> with) {
    List<Long> kept = new ArrayList<>();
    with.forEach(variable -> kept.add(string(arena, variable)));
    long variables = at(LibcProcess.ENVIRON.address());
    for (long each = variables; variables != 0 && at(each) != 0; each += 8) {
      if (!without.contains(name(at(each)))) {
        kept.add(at(each));
      }
    }
    return pointers(arena, kept);
  }

  private static long at(long address) {
    return MemorySegment.ofAddress(address).reinterpret(8).get(JAVA_LONG, 0);
  }

  private static String name(long variable) {
    MemorySegment text = MemorySegment.ofAddress(variable).reinterpret(Long.MAX_VALUE);
    StringBuilder name = new StringBuilder();
    for (long i = 0; text.get(JAVA_BYTE, i) != 0 && text.get(JAVA_BYTE, i) != '='; i++) {
      name.append((char) (text.get(JAVA_BYTE, i) & 0xff));
    }
    return name.toString();
  }

  public int pid() {
    return pid;
  }

  /** Readable once the process has ended. */
  public int pidfd() {
    return pidfd;
  }

  /** Ends it at once. Its number is its own until {@link #reap}. */
  public void kill() {
    Libc.kill(pid, SIGKILL);
  }

  /**
   * Takes note of its end, for which it waits, and closes the pidfd.
   *
   * @return its exit code; 128 and the signal's number where a signal ended it
   */
  public int reap() {
    Libc.close(pidfd);
    return wait(pid);
  }

  private static int wait(int pid) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment status = arena.allocate(8, 8);
      while (LibcProcess.waitpid(pid, status.address(), 0) == -Errno.EINTR) {
        // A signal of ours; the child is still to come.
      }
      int word = status.get(JAVA_INT, 0);
      int signal = word & 0x7f;
      return signal == 0 ? word >> 8 & 0xff : SIGNALED + signal;
    }
  }
}
