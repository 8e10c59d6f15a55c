package org.portbouncer.core.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The terminal that a descriptor is open on: how it is set, and its size. Settings are kept and
 * given back as the kernel has them, so that nothing of them is lost that nobody here knows, a
 * serial line's speed for one. Used by a command, from any thread.
 *
 * <pre>
 * struct termios of the kernel (asm-generic/termbits.h)
 *   0 c_iflag   4 c_oflag   8 c_cflag   12 c_lflag   16 c_line   17 c_cc[19]
 * struct winsize
 *   0 ws_row    2 ws_col    4 pixels, which few tell
 * </pre>
 */
public final class TerminalDevice {

  private static final long TCGETS = 0x5401;
  private static final long TCSETSW = 0x5403;
  private static final long TIOCGWINSZ = 0x5413;

  private static final int SIZE = 64;
  private static final int IFLAG = 0;
  private static final int LFLAG = 12;
  private static final int CC = 17;
  private static final int VTIME = 5;
  private static final int VMIN = 6;

  private static final int INLCR = 0x40;
  private static final int IGNCR = 0x80;
  private static final int ICRNL = 0x100;
  private static final int IXON = 0x400;
  private static final int ISIG = 0x1;
  private static final int ICANON = 0x2;
  private static final int ECHO = 0x8;
  private static final int IEXTEN = 0x8000;

  private final int fd;
  private final MemorySegment before = Arena.ofAuto().allocate(SIZE, Integer.BYTES);

  /**
   * A size in characters.
   *
   * @param columns 0 where the terminal does not know
   * @param rows likewise
   */
  public record Size(int columns, int rows) {}

  private TerminalDevice(int fd) {
    this.fd = fd;
  }

  /** The terminal, set as it is; null where the descriptor is open on something else. */
  public static TerminalDevice of(int fd) {
    TerminalDevice terminal = new TerminalDevice(fd);
    return Libc.ioctl(fd, TCGETS, terminal.before.address()) < 0 ? null : terminal;
  }

  /** From now on every key comes as it is pressed, unseen; Ctrl-C and its like are keys as well. */
  public void raw() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment raw = arena.allocate(SIZE, Integer.BYTES).copyFrom(before);
      clear(raw, IFLAG, INLCR | IGNCR | ICRNL | IXON);
      clear(raw, LFLAG, ISIG | ICANON | ECHO | IEXTEN);
      raw.set(ValueLayout.JAVA_BYTE, CC + VMIN, (byte) 1);
      raw.set(ValueLayout.JAVA_BYTE, CC + VTIME, (byte) 0);
      var _ = Libc.ioctl(fd, TCSETSW, raw.address());
    }
  }

  private static void clear(MemorySegment termios, int offset, int flags) {
    termios.set(ValueLayout.JAVA_INT, offset, termios.get(ValueLayout.JAVA_INT, offset) & ~flags);
  }

  /** Sets it as it was. A terminal that has gone does not mind. */
  public void restore() {
    var _ = Libc.ioctl(fd, TCSETSW, before.address());
  }

  /** Its size now. */
  public Size size() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(8, 8);
      var _ = Libc.ioctl(fd, TIOCGWINSZ, size.address());
      return new Size(
          Short.toUnsignedInt(size.get(ValueLayout.JAVA_SHORT, 2)),
          Short.toUnsignedInt(size.get(ValueLayout.JAVA_SHORT, 0)));
    }
  }
}
