package org.portbouncer.core.worker;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.hop.StateFiles;
import org.portbouncer.core.sys.Native;

/**
 * `state-transfer.padding`: bytes that make a session's state as large as one wants to measure. The
 * mother takes them from a block of noise, at one of several offsets by the session's id; the io
 * stage checks that they came as they were sent. On the thread of the process's loop.
 */
public final class Padding {

  private static final int VARIANTS = 64;
  private static final int STEP = 64;

  private final CRC32C crc = new CRC32C();

  // The mother's.
  private MemorySegment block = MemorySegment.NULL;
  private final int[] checksums = new int[VARIANTS];
  private int length;

  // The io worker's: where a state that came in a file is read to.
  private MemorySegment scratch = MemorySegment.NULL;

  /** Makes the block for paddings of {@code length} bytes; in the mother. */
  public void prepare(int length) {
    this.length = length;
    long size = length + (long) VARIANTS * STEP;
    block = Native.allocate((size + 7) / 8 * 8);
    long noise = 0x9e37_79b9_7f4a_7c15L;
    for (long at = 0; at + 8 <= block.byteSize(); at += 8) {
      noise ^= noise << 13;
      noise ^= noise >>> 7;
      noise ^= noise << 17;
      block.set(JAVA_LONG, at, noise);
    }
    for (int variant = 0; variant < VARIANTS; variant++) {
      checksums[variant] = checksum(block, (long) variant * STEP, length);
    }
  }

  /** How many bytes each session gets. */
  public int length() {
    return length;
  }

  /** The block that paddings are taken from. */
  public MemorySegment block() {
    return block;
  }

  /** Where in the block the padding of this session begins. */
  public long offset(long id) {
    return id % VARIANTS * STEP;
  }

  /** What the padding of this session must come to. */
  public int checksum(long id) {
    return checksums[(int) (id % VARIANTS)];
  }

  /** Whether a session's padding is what its state says; in the io worker. */
  boolean intact(Session session) {
    int size = session.state().padding();
    if (size == 0) {
      return true;
    }
    if (session.transfer() == Mode.FILE_FD) {
      if (scratch.byteSize() < size) {
        scratch = Native.allocate(size);
      }
      return StateFiles.readTail(session, scratch.address(), size) == size
          && checksum(scratch, 0, size) == session.state().checksum();
    }
    MemorySegment tail = MemorySegment.ofAddress(session.tailAddress()).reinterpret(size);
    return checksum(tail, 0, size) == session.state().checksum();
  }

  private int checksum(MemorySegment memory, long at, int size) {
    ByteBuffer bytes = memory.asSlice(at, size).asByteBuffer();
    crc.reset();
    crc.update(bytes);
    return (int) crc.getValue();
  }
}
