package org.portbouncer.negotiator.connect;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.worker.Epoch;

/**
 * The connections that this worker opens ahead, for groups of the newest configuration that say so.
 * In the connect worker, on the thread of its loop.
 */
final class SpareConnections {

  private static final MemberSpares[] NONE = {};

  private final ConnectStage stage;

  /** By the members' places on the board; as long as none has any, empty. */
  private MemberSpares[] byPlace = NONE;

  private final List<MemberSpares> all = new ArrayList<>();

  SpareConnections(ConnectStage stage) {
    this.stage = stage;
  }

  /** Opens what this configuration says, and ends what others have said. */
  void configured(Epoch epoch) {
    all.forEach(MemberSpares::end);
    all.clear();
    byPlace = NONE;
    Configuration configuration = epoch.configuration();
    for (int i = 0; i < configuration.targets().size(); i++) {
      TargetGroup group = configuration.targets().get(i);
      int[] places = epoch.places().targets()[i];
      for (int j = 0; j < places.length; j++) {
        if (configuration.opensAhead(i, group.members().get(j))) {
          add(new MemberSpares(stage, group, j, places[j]), places[j]);
        }
      }
    }
    all.forEach(MemberSpares::begin);
  }

  private void add(MemberSpares spares, int place) {
    if (place >= byPlace.length) {
      byPlace = Arrays.copyOf(byPlace, Math.max(place + 1, 2 * byPlace.length));
    }
    byPlace[place] = spares;
    all.add(spares);
  }

  /**
   * A connection to a member, for a session whose socket is to be made like this; null for none.
   * {@link SpareConnection#take} comes next.
   */
  SpareConnection take(int place, SocketSettings settings) {
    return place >= byPlace.length || byPlace[place] == null ? null : byPlace[place].take(settings);
  }

  /** Whether there may be any. */
  boolean any() {
    return byPlace.length > 0;
  }
}
