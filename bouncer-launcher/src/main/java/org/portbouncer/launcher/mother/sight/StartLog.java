package org.portbouncer.launcher.mother.sight;

import java.util.List;
import org.portbouncer.config.PortRanges;
import org.portbouncer.config.Problem;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.worker.DescriptorLimit;
import org.portbouncer.launcher.mother.doors.Listeners;
import org.portbouncer.launcher.mother.doors.SessionRoom;
import org.portbouncer.launcher.mother.machine.MemoryLimit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the log says at start: what listens where, and how many sessions the descriptor limit
 * allows.
 */
public final class StartLog {

  private static final Logger LOG = LoggerFactory.getLogger(StartLog.class);

  private StartLog() {}

  public static void write(
      Configuration configuration, List<Problem> warnings, Listeners sockets, int batch) {
    for (Problem warning : warnings) {
      LOG.warn("{}", warning);
    }
    for (int i = 0; i < configuration.listeners().size(); i++) {
      Listener listener = configuration.listeners().get(i);
      List<Endpoint> all = listener.listen();
      for (int from = 0, to; from < all.size(); from = to) {
        String takes = sockets.takes(i, from, all.get(from));
        to = from + 1;
        while (to < all.size()
            && PortRanges.follows(all.get(to - 1), all.get(to))
            && sockets.takes(i, to, all.get(to)).equals(takes)) {
          to++;
        }
        LOG.info(
            "listener {}: {}{} -> {}, {}",
            listener.name(),
            PortRanges.text(all.get(from), all.get(to - 1)),
            takes,
            listener.target().text(),
            listener.acl() < 0
                ? "no acl: everyone may connect"
                : "acl " + configuration.acls().get(listener.acl()).name());
      }
    }
    memory(configuration);
    descriptors(configuration, batch);
  }

  private static void memory(Configuration configuration) {
    MemoryLimit limit = MemoryLimit.current();
    int workers = configuration.workers().all();
    if (limit != null && limit.isTooSmallFor(workers)) {
      LOG.warn(
          "the memory limit of {} MiB ({}) is too small: the mother and {} workers need {} MiB at"
              + " the least, and more with sessions; the kernel will end workers again and again",
          MemoryLimit.mebibytes(limit.bytes()),
          limit.file(),
          workers,
          MemoryLimit.mebibytes(MemoryLimit.least(workers)));
    }
  }

  private static void descriptors(Configuration configuration, int batch) {
    SessionRoom room = SessionRoom.of(configuration);
    long limit = room.limit();
    LOG.info(
        "descriptor limit {}: ({} - {} reserved - {} for one message) / {} a session = {} sessions"
            + " in each of {} io workers, {} in all; limits.max-sessions is {}",
        limit,
        limit,
        DescriptorLimit.reserved(limit),
        DescriptorLimit.ofMessage(batch),
        DescriptorLimit.FORWARDED,
        room.each(),
        configuration.workers().io(),
        room.all(),
        configuration.maxSessions());
    if (room.isTooSmallFor(configuration)) {
      LOG.warn(
          "limits.max-sessions = {} is more than the descriptor limit allows: beyond {} sessions"
              + " clients wait in the listen queue; raise the limit (ulimit -n, LimitNOFILE=) or"
              + " lower the setting",
          configuration.maxSessions(),
          room.all());
    }
  }
}
