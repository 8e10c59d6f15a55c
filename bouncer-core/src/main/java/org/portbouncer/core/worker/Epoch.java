package org.portbouncer.core.worker;

import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.RuleMemory;
import org.portbouncer.core.session.SessionState;

/**
 * One configuration as it is in force: its number, and where it counts.
 *
 * @param number grows by one with each reload
 * @param configuration what it says
 * @param places where its listeners, classes and rules count
 * @param rules where the networks of its rules lie, in a process that decides by them; else null
 */
public record Epoch(int number, Configuration configuration, Places places, RuleMemory rules) {

  /** One in a process that does not decide by its rules. */
  public Epoch(int number, Configuration configuration, Places places) {
    this(number, configuration, places, null);
  }

  /** For each bandwidth class its place on the ClassBoard. */
  public int[] classes() {
    return places.classes();
  }

  /** The same without the networks of its rules, which only decisions need. */
  public Epoch withoutNetworks() {
    return new Epoch(number, configuration.withoutNetworks(), places);
  }

  /** Nobody refers to it any more. */
  void close() {
    if (rules != null) {
      rules.close();
    }
  }

  /** Whether every index of the state lies in this configuration. */
  boolean knows(SessionState state) {
    if (state.listener() >= configuration.listeners().size()) {
      return false;
    }
    Listener listener = configuration.listeners().get(state.listener());
    int rules = listener.acl() < 0 ? 0 : configuration.acls().get(listener.acl()).rules().size();
    return state.endpoint() < listener.listen().size()
        && state.rule() >= -1
        && state.rule() < rules
        && state.bandwidth() >= -1
        && state.bandwidth() < configuration.bandwidth().size();
  }
}
