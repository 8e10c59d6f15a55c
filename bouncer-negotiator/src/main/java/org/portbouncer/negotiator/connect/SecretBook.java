package org.portbouncer.negotiator.connect;

import java.util.Map;
import java.util.TreeMap;
import org.portbouncer.core.config.ChainSecrets;

/**
 * What proxies are to be told, by the configuration that says so; kept no longer than sessions need
 * it. On the thread of the connect worker's loop.
 */
final class SecretBook {

  private final TreeMap<Integer, ChainSecrets> byEpoch = new TreeMap<>();

  /** Those of {@code epoch} and later ones, until others come. */
  void add(int epoch, ChainSecrets secrets) {
    byEpoch.put(epoch, secrets);
  }

  /** Those that serve {@code epoch}. */
  ChainSecrets of(int epoch) {
    Map.Entry<Integer, ChainSecrets> found = byEpoch.floorEntry(epoch);
    return found == null ? ChainSecrets.NONE : found.getValue();
  }

  /** That configuration will not come into force. */
  void withdraw(int epoch) {
    byEpoch.remove(epoch);
  }

  /** Nobody asks for those of earlier configurations than {@code oldest} any more. */
  void retire(int oldest) {
    Integer serving = byEpoch.floorKey(oldest);
    if (serving != null) {
      byEpoch.headMap(serving).clear();
    }
  }
}
