package org.portbouncer.core.hop;

/**
 * The datagram that carries sessions from one stage to the next.
 *
 * <pre>
 *   header   0 magic u32 | 4 sessions u16 | 6 reserved u16
 *   mark     no session, and 8 token u32: says that all that was sent before it has arrived
 *   entry    0 transfer u8 | 1 descriptor mask u8 | 2 reserved u16 | 4 length u32 | 8 reference u64
 *            then, in transfer inline, the state, padded to a multiple of 8
 * </pre>
 *
 * The descriptors of all entries travel in one SCM_RIGHTS message, entry by entry and by role
 * within an entry; the mask has one bit for each role (see Descriptors). Transfer is the code of a
 * StateTransfer.Mode; what length and reference mean is up to it.
 */
final class Frame {

  static final int MAGIC = 0x42_48_4f_01;

  static final int HEADER = 8;
  static final int COUNT = 4;

  static final int MARK_BYTES = HEADER + 4;

  static final int ENTRY = 16;
  static final int TRANSFER = 0;
  static final int MASK = 1;
  static final int LENGTH = 4;
  static final int REFERENCE = 8;

  /**
   * Most sessions in one datagram: with the four descriptors of one in set-up it stays below
   * SCM_MAX_FD.
   */
  static final int SESSIONS = 60;

  /**
   * Most bytes in one datagram, whatever the socket would take: the kernel wants the larger part of
   * it in one piece of memory, which it may not have for long. What a socket takes as it comes,
   * 212,992 bytes, less a margin.
   */
  static final int BYTES = 212_992 - 64;

  private Frame() {}

  static int padded(int length) {
    return (length + 7) & ~7;
  }
}
