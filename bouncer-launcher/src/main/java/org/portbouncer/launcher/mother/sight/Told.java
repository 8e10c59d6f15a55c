package org.portbouncer.launcher.mother.sight;

import java.util.HashMap;
import java.util.Map;

/**
 * The bytes that were told of each listener or class, so that no later answer falls behind an
 * earlier one: the bytes of a session that is just ending are neither among the live ones nor among
 * the ended ones. In the mother, from any thread.
 *
 * @param <K> what names one
 */
final class Told<K> {

  /** Bytes to targets and to clients. */
  record Bytes(long up, long down) {}

  private final Map<K, Bytes> told = new HashMap<>();

  /** What to tell where now so many were read. */
  synchronized Bytes tell(K whose, long up, long down) {
    return told.merge(
        whose,
        new Bytes(up, down),
        (a, b) -> new Bytes(Math.max(a.up(), b.up()), Math.max(a.down(), b.down())));
  }

  /** Forgets one that begins anew. */
  synchronized void forget(K whose) {
    told.remove(whose);
  }
}
