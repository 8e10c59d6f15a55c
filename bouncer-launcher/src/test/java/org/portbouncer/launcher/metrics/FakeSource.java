package org.portbouncer.launcher.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.portbouncer.launcher.admin.HeaviestView;
import org.portbouncer.launcher.admin.SessionOrder;
import org.portbouncer.launcher.admin.SessionView;
import org.portbouncer.launcher.admin.SessionWatch;
import org.portbouncer.launcher.figures.Figures;
import org.portbouncer.launcher.figures.SampleFigures;
import org.portbouncer.launcher.state.Standing;

/** A server that only pretends. */
final class FakeSource implements MetricsSource {

  private final List<SessionView> sessions = new ArrayList<>();
  private volatile Figures figures = SampleFigures.one();

  private volatile boolean turns = true;

  void turns(boolean does) {
    turns = does;
  }

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
            null,
            null,
            "192.0.2.1:80",
            1,
            null,
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
  public Standing standing() {
    return figures.server().standing();
  }

  @Override
  public boolean turns() {
    return turns;
  }

  @Override
  public SessionWatch watch() {
    return (order, most, match) -> {
      assertThat(order).isEqualTo(SessionOrder.BYTES);
      List<HeaviestView.Rated> matching =
          sessions.stream()
              .filter(s -> s.mentions(match.toLowerCase(Locale.ROOT)))
              .sorted(Comparator.comparingLong(SessionView::bytesUp).reversed())
              .map(s -> new HeaviestView.Rated(s, 0, 0))
              .toList();
      return new HeaviestView(
          sessions.size(), matching.size(), matching.stream().limit(most).toList());
    };
  }
}
