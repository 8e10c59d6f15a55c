package org.portbouncer.launcher.mother;

import java.nio.ByteBuffer;
import java.util.List;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlMessage;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * Configurations on their way to workers: a memory file, open only while it is handed over, so that
 * old configurations cost no descriptors. In the mother.
 */
final class EpochFile implements AutoCloseable {

  private final int fd;
  private final int length;

  /** Writes these, oldest first. */
  EpochFile(List<PublishedEpoch> epochs) {
    length = epochs.stream().mapToInt(one -> one.bytes().length).sum();
    ByteBuffer all = ByteBuffer.allocate(length);
    epochs.forEach(one -> all.put(one.bytes()));
    fd = Native.constantFile("bouncer-config", all.array());
  }

  /**
   * Hands it to a worker.
   *
   * @return 0 or the errno
   */
  int send(ControlChannel control) {
    control.begin(ControlMessage.CONFIG).putInt(length);
    control.attach(fd);
    return control.send();
  }

  @Override
  public void close() {
    Libc.close(fd);
  }
}
