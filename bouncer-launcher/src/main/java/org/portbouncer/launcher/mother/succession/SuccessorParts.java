package org.portbouncer.launcher.mother.succession;

import java.util.function.BooleanSupplier;
import org.portbouncer.launcher.mother.cluster.ClusterKeeper;
import org.portbouncer.launcher.mother.doors.Acceptor;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.ending.Shutdown;
import org.portbouncer.launcher.mother.epochs.EpochSwitch;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.staff.PublishedEpochs;
import org.portbouncer.launcher.mother.staff.Supervisor;
import org.portbouncer.launcher.systemd.Notifier;

/**
 * What an upgrade has to do with.
 *
 * @param closeDoors closes what the new server opens for itself: the metrics
 * @param reopenDoors has the admin socket where it was, after a new server that has failed
 * @param follow whether a server before this one still has sessions
 * @param program what this server was started from
 */
public record SuccessorParts(
    Ground ground,
    InForce inForce,
    PublishedEpochs published,
    EpochSwitch epochs,
    Supervisor supervisor,
    Acceptor acceptor,
    Notifier notifier,
    Shutdown shutdown,
    ClusterKeeper cluster,
    Runnable closeDoors,
    Runnable reopenDoors,
    BooleanSupplier follow,
    ProgramFile program) {

  /** Whether a server before this one still has sessions. */
  boolean follows() {
    return follow.getAsBoolean();
  }
}
