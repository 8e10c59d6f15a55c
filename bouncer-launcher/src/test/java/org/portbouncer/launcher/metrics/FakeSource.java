package org.portbouncer.launcher.metrics;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.launcher.admin.SessionView;

/** A server that only pretends. */
final class FakeSource implements MetricsSource {

  private final List<SessionView> sessions = new ArrayList<>();
  private volatile Figures figures = SampleFigures.one();

  void figures(Figures now) {
    figures = now;
  }

  void session(long id, String client, long up) {
    sessions.add(
        new SessionView(
            id,
            "web",
            client,
            "127.0.0.1:80",
            "192.0.2.1:80",
            "office",
            "staff",
            null,
            "forwarding",
            4711,
            "inline",
            120,
            61_500,
            250,
            up,
            5,
            0,
            List.of()));
  }

  @Override
  public Figures figures() {
    if (figures == null) {
      throw new IllegalStateException("broken on purpose");
    }
    return figures;
  }

  @Override
  public List<SessionView> sessions() {
    return sessions;
  }
}
