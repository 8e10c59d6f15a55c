package org.portbouncer.launcher.mother.staff;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.portbouncer.core.config.ChainSecrets;
import org.portbouncer.core.control.Orders;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * Configurations on their way to workers: a memory file, open only while it is handed over, so that
 * old configurations cost no descriptors; and the secrets of their chains, which are in no file. In
 * the mother.
 */
final class EpochFile implements AutoCloseable {

  private final int fd;
  private final int length;
  private final int newest;
  private final int[] rules;
  private final List<PublishedEpoch> secrets;

  /**
   * Writes these, oldest first.
   *
   * @param stage whose workers get it, with networks of rules or secrets of chains where they are
   *     for it
   */
  EpochFile(List<PublishedEpoch> epochs, StageId stage) {
    secrets = stage.toldSecrets() ? epochs : List.of();
    length = epochs.stream().mapToInt(one -> one.bytes().length).sum();
    ByteBuffer all = ByteBuffer.allocate(length);
    epochs.forEach(one -> all.put(one.bytes()));
    newest = epochs.getLast().number();
    rules =
        epochs.stream()
            .filter(one -> stage.matchesRules() && one.rules() != null)
            .mapToInt(one -> one.rules().fd())
            .toArray();
    fd = Native.constantFile("bouncer-config", all.array());
  }

  /**
   * Hands it to a worker.
   *
   * @return 0 or the errno
   */
  int send(Orders orders) {
    byte[] before = null;
    for (PublishedEpoch one : secrets) {
      byte[] told = ChainSecrets.encode(one.epoch().configuration().chains());
      int errno = Arrays.equals(told, before) ? 0 : orders.secrets(one.number(), told);
      if (errno != 0) {
        return errno;
      }
      before = told;
    }
    return orders.config(fd, length, newest, rules);
  }

  /** The number of the newest in it, which is what a worker answers. */
  int newest() {
    return newest;
  }

  @Override
  public void close() {
    Libc.close(fd);
  }
}
