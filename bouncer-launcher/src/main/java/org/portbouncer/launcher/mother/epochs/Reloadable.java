package org.portbouncer.launcher.mother.epochs;

import org.portbouncer.launcher.mother.doors.Acceptor;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.staff.PublishedEpochs;
import org.portbouncer.launcher.mother.staff.Supervisor;
import org.portbouncer.launcher.mother.upkeep.AccessLogKeeper;

/**
 * All that a reload changes, or asks before it does. In the mother.
 *
 * @param published the configurations as workers get them
 * @param keeper says when they are forgotten
 * @param epochs makes new ones, and puts them in force
 * @param mostSessions as many as the session table has room for
 */
public record Reloadable(
    Ground ground,
    InForce inForce,
    PublishedEpochs published,
    EpochKeeper keeper,
    EpochSwitch epochs,
    Supervisor supervisor,
    Acceptor acceptor,
    AccessLogKeeper accessLog,
    int mostSessions) {}
