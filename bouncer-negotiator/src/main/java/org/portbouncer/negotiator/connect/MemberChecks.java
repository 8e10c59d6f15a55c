package org.portbouncer.negotiator.connect;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.core.worker.Epoch;

/**
 * The checks of all members of the newest configuration. In the connect worker, on the thread of
 * its loop.
 */
final class MemberChecks {

  private final ConnectStage stage;
  private final Resolver resolver;
  private final List<MemberCheck> checks = new ArrayList<>();

  MemberChecks(ConnectStage stage, Resolver resolver) {
    this.stage = stage;
    this.resolver = resolver;
  }

  /** Checks what this configuration says, and nothing else any more. */
  void configured(Epoch epoch) {
    end();
    Configuration configuration = epoch.configuration();
    TargetBoard board = stage.worker().area().targets();
    List<TargetGroup> groups = configuration.targets();
    for (int i = 0; i < groups.size(); i++) {
      TargetGroup group = groups.get(i);
      int[] places = epoch.places().targets()[i];
      int chain = configuration.checkVia(i);
      ChainPath path = chain < 0 ? null : stage.path(epoch, chain);
      for (int j = 0; j < places.length; j++) {
        if (group.check().type() == TargetGroup.Check.Type.NONE) {
          board.checks().end(places[j]);
        } else {
          checks.add(
              new MemberCheck(
                  stage,
                  resolver,
                  group,
                  j,
                  places[j],
                  configuration.checkSend(i, group.members().get(j)),
                  path));
        }
      }
    }
    for (int i = 0; i < checks.size(); i++) {
      // Spread over the first 100 ms: they stay apart from then on.
      checks.get(i).begin(100_000_000L * i / checks.size());
    }
  }

  /** Checks nothing any more. */
  void end() {
    checks.forEach(MemberCheck::end);
    checks.clear();
  }
}
