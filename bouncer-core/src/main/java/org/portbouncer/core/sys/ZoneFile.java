package org.portbouncer.core.sys;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A compiled time zone, as the C library reads it from {@code /etc/localtime} (tzfile(5), RFC
 * 8536). Runs where schedules are read.
 *
 * <pre>
 *   0 "TZif" | 4 version | 20 counts u32: UT marks, standard marks, leap seconds, times, types, names
 *   44 times | a type u8 for each | types: offset i32, summer u8, name u8 | names | leap seconds | marks
 *   from version 2 on all of it again with times of 64 bits, then "\n", a POSIX TZ text, "\n"
 * </pre>
 */
final class ZoneFile {

  private static final int MAGIC = 0x545a6966;
  private static final int HEAD = 44;
  private static final int MOST = 1 << 16;

  private final long[] times;
  private final int[] offsets;
  private final int first;
  private final PosixZone rest;

  private ZoneFile(long[] times, int[] offsets, int first, PosixZone rest) {
    this.times = times;
    this.offsets = offsets;
    this.first = first;
    this.rest = rest;
  }

  /** What the bytes say; null where they are no such file. */
  static ZoneFile parse(byte[] bytes) {
    try {
      ByteBuffer in = ByteBuffer.wrap(bytes);
      if (in.getInt(0) != MAGIC) {
        return null;
      }
      if (bytes[4] == 0) {
        return block(in, 0, Integer.BYTES);
      }
      return block(in, length(in, 0, Integer.BYTES), Long.BYTES);
    } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
      return null;
    }
  }

  private static int count(ByteBuffer in, int at, int index) {
    int count = in.getInt(at + 20 + 4 * index);
    if (count < 0 || count > MOST) {
      throw new IllegalArgumentException("a count of " + count);
    }
    return count;
  }

  private static int length(ByteBuffer in, int at, int timeBytes) {
    return HEAD
        + count(in, at, 3) * (timeBytes + 1)
        + count(in, at, 4) * 6
        + count(in, at, 5)
        + count(in, at, 2) * (timeBytes + 4)
        + count(in, at, 1)
        + count(in, at, 0);
  }

  private static ZoneFile block(ByteBuffer in, int at, int timeBytes) {
    long[] times = new long[count(in, at, 3)];
    int[] offsets = new int[times.length];
    int types = at + HEAD + times.length * timeBytes;
    int table = types + times.length;
    for (int i = 0; i < times.length; i++) {
      int time = at + HEAD + i * timeBytes;
      times[i] = timeBytes == Long.BYTES ? in.getLong(time) : in.getInt(time);
      offsets[i] = in.getInt(table + 6 * (in.get(types + i) & 0xff));
    }
    PosixZone rest = null;
    if (timeBytes == Long.BYTES) {
      int from = at + length(in, at, timeBytes) + 1;
      byte[] text = new byte[Math.max(0, in.capacity() - from)];
      in.get(from, text);
      rest = PosixZone.parse(new String(text, StandardCharsets.US_ASCII).strip());
    }
    return new ZoneFile(times, offsets, in.getInt(table), rest);
  }

  /** Seconds east of Greenwich at that time. */
  int offset(long epochSecond) {
    int last = times.length - 1;
    if (rest != null && (last < 0 || epochSecond >= times[last])) {
      return rest.offset(epochSecond);
    }
    while (last >= 0 && times[last] > epochSecond) {
      last--;
    }
    return last < 0 ? first : offsets[last];
  }
}
