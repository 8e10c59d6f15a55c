package org.portbouncer.launcher.admin;

/**
 * Somebody who looks at the live sessions again and again, and whom the mother tells the heaviest
 * ones alone: it remembers what each had moved the last time. One for each who asks, used by one
 * thread at a time.
 */
public interface SessionWatch {

  /**
   * The heaviest sessions, heaviest first.
   *
   * @param order what makes one heavy
   * @param most how many at most
   * @param match a text that must stand in it, see {@link SessionView#mentions}, in any case
   */
  HeaviestView heaviest(SessionOrder order, int most, String match);
}
