package org.portbouncer.config;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.config.TargetGroup;

/**
 * Says what cannot work of listeners whose sessions go through chains, or not for long. In the
 * mother and in commands.
 */
final class ChainUse {

  /** Proxies cut a connection that says nothing for so long, or soon after. */
  private static final long USUAL_IDLE_MS = 300_000;

  private final Configuration configuration;
  private final Reading reading;
  private final Problems problems;

  private ChainUse(Configuration configuration, Reading reading, Problems problems) {
    this.configuration = configuration;
    this.reading = reading;
    this.problems = problems;
  }

  static void check(Configuration configuration, Reading reading, Problems problems) {
    ChainUse use = new ChainUse(configuration, reading, problems);
    for (Listener listener : configuration.listeners()) {
      use.listener(listener);
    }
    for (int i = 0; i < configuration.targets().size(); i++) {
      use.group(i);
    }
  }

  private void listener(Listener listener) {
    List<Integer> seen = new ArrayList<>();
    if (listener.via() >= 0) {
      seen.add(listener.via());
      Where where = reading.whereOf("listeners." + listener.name() + ".via");
      through(listener, where.file(), where.line(), "");
    }
    if (listener.acl() < 0) {
      return;
    }
    for (Rule rule : configuration.acls().get(listener.acl()).rules()) {
      if (rule.via() >= 0 && !seen.contains(rule.via())) {
        seen.add(rule.via());
        String why = "via of rule '" + rule.name() + "', for listener '" + listener.name() + "': ";
        through(listener, rule.file(), rule.line(), why);
      }
    }
  }

  /** Checks go one way, whatever ways sessions go. */
  private void group(int index) {
    TargetGroup group = configuration.targets().get(index);
    if (group.check().type() == TargetGroup.Check.Type.NONE
        || configuration.groupVias(index).size() < 2) {
      return;
    }
    int chain = configuration.checkVia(index);
    problems.add(
        group.file(),
        group.line(),
        "sessions to the group '"
            + group.name()
            + "' go several ways; its checks go "
            + (chain < 0
                ? "directly"
                : "through the chain '" + configuration.chains().get(chain).name() + "'"),
        Problem.Severity.WARNING);
  }

  private void through(Listener listener, String file, int line, String start) {
    boolean told = listener.target().udp() && start.isEmpty();
    if (!listener.target().isTcp() && !told) {
      problems.add(
          file,
          line,
          start + "no proxy leads to " + listener.target().text() + "; a chain needs HOST:PORT",
          Problem.Severity.ERROR);
    }
    long idleMs = listener.timeouts().idleMs();
    if (idleMs == 0 || idleMs > USUAL_IDLE_MS) {
      problems.add(
          file,
          line,
          start
              + "proxies cut connections that say nothing for 300 s or little more; timeouts.idle"
              + " is"
              + (idleMs == 0 ? " without limit" : " longer"),
          Problem.Severity.WARNING);
    }
  }
}
