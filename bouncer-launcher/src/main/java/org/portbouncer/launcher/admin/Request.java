package org.portbouncer.launcher.admin;

import java.util.List;
import org.portbouncer.core.shared.TargetBoard;

/**
 * What one line on the admin socket asks for. Lives in the mother for as long as it is being
 * answered.
 */
sealed interface Request {

  /** {@code status}. */
  record Status() implements Request {}

  /** {@code sessions [--listener NAME] [--from CIDR]}. */
  record Sessions(SessionFilter filter) implements Request {}

  /** {@code top [--most COUNT] [--by ORDER] [--match TEXT]}. */
  record Top(int most, SessionOrder by, String match) implements Request {}

  /** {@code kill ID…}. */
  record KillIds(List<Long> ids) implements Request {}

  /** {@code kill --from CIDR}. */
  record KillFrom(Cidr from) implements Request {}

  /** {@code limit CLASS [--up RATE] [--down RATE]}; null leaves a way as it is, 0 is no limit. */
  record Limit(String name, Long up, Long down) implements Request {}

  /** {@code targets}. */
  record Targets() implements Request {}

  /** {@code cluster}. */
  record Cluster() implements Request {}

  /** {@code move WORKER}. */
  record Move(String worker) implements Request {}

  /** {@code target drain|off|ready GROUP[/MEMBER]}. */
  record Target(TargetBoard.Mode mode, String which) implements Request {}

  /** {@code reload [--recheck]}. */
  record Reload(boolean recheck) implements Request {}

  /** {@code upgrade DIR [--if-changed]}. */
  record Upgrade(String to, boolean ifChanged) implements Request {}

  /** {@code stop [--now]}. */
  record Stop(boolean now) implements Request {}
}
