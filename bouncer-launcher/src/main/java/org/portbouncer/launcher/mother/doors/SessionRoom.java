package org.portbouncer.launcher.mother.doors;

import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.worker.DescriptorLimit;

/**
 * How many sessions the io workers may hold by the descriptor limit of this process, which they
 * inherit. In the mother, and in `check`.
 *
 * @param limit descriptors a process may have open
 * @param each sessions in one io worker
 * @param all in all of them
 */
public record SessionRoom(long limit, int each, long all) {

  /** By the limit of this process. */
  public static SessionRoom of(Configuration configuration) {
    return of(configuration, DescriptorLimit.current());
  }

  static SessionRoom of(Configuration configuration, long limit) {
    int each =
        DescriptorLimit.sessions(limit, DescriptorLimit.FORWARDED, DescriptorLimit.batch(limit));
    return new SessionRoom(limit, each, (long) each * configuration.workers().io());
  }

  /** Whether fewer sessions fit than the configuration allows. */
  public boolean isTooSmallFor(Configuration configuration) {
    return all < configuration.maxSessions();
  }
}
