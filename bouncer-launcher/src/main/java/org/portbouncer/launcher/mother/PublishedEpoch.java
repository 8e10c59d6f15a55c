package org.portbouncer.launcher.mother;

import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.EpochCodec;

/**
 * A configuration that workers get, and its encoded form, which those get that start later. In the
 * mother; made on any thread.
 *
 * @param bytes as EpochCodec has it; never changed
 */
record PublishedEpoch(Epoch epoch, byte[] bytes) {

  static PublishedEpoch of(Epoch epoch) {
    return new PublishedEpoch(epoch, EpochCodec.encode(epoch));
  }

  int number() {
    return epoch.number();
  }
}
