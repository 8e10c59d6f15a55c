package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * Users and groups as the system knows them, from whatever sources nsswitch.conf(5) names. Runs in
 * the mother and in commands, any thread.
 */
public final class Accounts {

  /** What the numbers of an account are for access checks. */
  public record User(String name, int uid, int gid) {}

  /** One call of a {@code get…nam_r}. */
  @FunctionalInterface
  private interface Lookup {
    int call(long name, long entry, long buffer, long length, long result);
  }

  // struct passwd: name* | password* | 16 uid u32 | 20 gid u32 | …; struct group: name* |
  // password* | 16 gid u32 | members*
  private static final long ENTRY_BYTES = 64;
  private static final long FIRST_ID = 16;
  private static final long SECOND_ID = 20;

  /** Members of a large group stand in the buffer, too. */
  private static final long FIRST_BUFFER = 4096;

  private static final long LARGEST_BUFFER = 4 << 20;
  private static final int ERANGE = 34;

  /** As many as Linux lets a process have (NGROUPS_MAX). */
  private static final int MOST_GROUPS = 65_536;

  private Accounts() {}

  /** The user of that name, if there is one. */
  public static Optional<User> user(String name) {
    return find(
        name,
        LibcIdentity::getpwnamR,
        entry -> new User(name, entry.get(JAVA_INT, FIRST_ID), entry.get(JAVA_INT, SECOND_ID)));
  }

  /** The number of the group of that name, if there is one. */
  public static OptionalInt group(String name) {
    Optional<Integer> gid =
        find(name, LibcIdentity::getgrnamR, entry -> entry.get(JAVA_INT, FIRST_ID));
    return gid.isPresent() ? OptionalInt.of(gid.get()) : OptionalInt.empty();
  }

  private static <T> Optional<T> find(String name, Lookup lookup, Function<MemorySegment, T> read) {
    for (long length = FIRST_BUFFER; length <= LARGEST_BUFFER; length *= 8) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment entry = arena.allocate(ENTRY_BYTES, 8);
        MemorySegment result = arena.allocate(8, 8);
        int errno =
            lookup.call(
                Native.string(arena, name),
                entry.address(),
                arena.allocate(length, 8).address(),
                length,
                result.address());
        if (errno != ERANGE) {
          boolean found = result.get(JAVA_LONG, 0) != 0;
          return found ? Optional.of(read.apply(entry)) : Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  /**
   * All groups that {@code user} is in.
   *
   * @param gid the one that comes first
   */
  public static int[] groups(String user, int gid) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(4, 4);
      count.set(JAVA_INT, 0, MOST_GROUPS);
      MemorySegment groups = arena.allocate(4L * MOST_GROUPS, 4);
      int result =
          LibcIdentity.getgrouplist(
              Native.string(arena, user), gid, groups.address(), count.address());
      if (result <= 0) {
        return new int[] {gid};
      }
      int[] found = groups.asSlice(0, 4L * result).toArray(JAVA_INT);
      return Arrays.stream(found).distinct().toArray();
    }
  }

  /** Copies group numbers to where the kernel reads them. */
  public static MemorySegment list(Arena arena, int[] groups) {
    MemorySegment list = arena.allocate(Math.max(1, 4L * groups.length), 4);
    MemorySegment.copy(groups, 0, list, JAVA_INT, 0, groups.length);
    return list;
  }
}
