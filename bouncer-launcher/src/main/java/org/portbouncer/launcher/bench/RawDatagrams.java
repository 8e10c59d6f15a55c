package org.portbouncer.launcher.bench;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.hop.MessageHeader;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;

/**
 * Datagrams with descriptors, for the modes that the server does not have. One thread, one
 * direction.
 */
final class RawDatagrams {

  private final int fd;
  private final Waiting waiting;
  private final MessageHeader message = new MessageHeader(1);
  private final MemorySegment buffer;
  private final int[] descriptors;

  RawDatagrams(int fd, int largest, int[] descriptors) {
    this.fd = fd;
    this.waiting = new Waiting(fd);
    this.buffer = Native.allocate(largest);
    this.descriptors = descriptors;
  }

  MemorySegment buffer() {
    return buffer;
  }

  void send(int length) {
    message.reset();
    message.addVector(buffer.address(), length);
    for (int descriptor : descriptors) {
      message.addDescriptor(descriptor);
    }
    long result;
    while ((result = message.send(fd)) < 0) {
      if (result != -Errno.EAGAIN) {
        throw new SystemCallException("sendmsg", (int) -result);
      }
      waiting.writable();
    }
  }

  /** Receives one, waiting for it, checks and closes its descriptors; its length. */
  int receive(int fds) {
    long result;
    do {
      message.reset();
      message.addVector(buffer.address(), buffer.byteSize());
      result = message.receive(fd);
      if (result == -Errno.EAGAIN) {
        waiting.readable();
      } else if (result < 0) {
        throw new SystemCallException("recvmsg", (int) -result);
      }
    } while (result < 0);
    if (message.descriptorCount() != fds || message.truncated()) {
      throw new IllegalStateException("a message came without its descriptors");
    }
    message.closeDescriptors(0);
    return (int) result;
  }
}
