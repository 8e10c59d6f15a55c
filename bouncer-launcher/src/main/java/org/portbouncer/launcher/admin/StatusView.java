package org.portbouncer.launcher.admin;

import java.util.List;
import org.portbouncer.launcher.state.Standing;

/**
 * The answer to {@code status}, made by the mother.
 *
 * @param version the version of the program
 * @param pid the mother's
 * @param uptimeS seconds since the start
 * @param epoch the configuration's; 1 at the start, one more at each reload
 * @param standing how it is, and why; one that is stopping leaves its places to the next server
 * @param listeners in the order of the configuration
 * @param workers by stage, then index
 * @param spares processes that wait to become a worker
 * @param stateTransfer how session state travels
 * @param limits the global limit and how much of it is taken
 * @param bandwidth the classes, in the order of the configuration
 * @param accessLog where access log lines go, and whether all do
 * @param serverLogLeftOut lines of the server's log that were left out since the start
 */
public record StatusView(
    String version,
    long pid,
    long uptimeS,
    long epoch,
    Standing standing,
    List<ListenerView> listeners,
    List<WorkerView> workers,
    List<SpareView> spares,
    StateTransferView stateTransfer,
    LimitsView limits,
    List<BandwidthView> bandwidth,
    AccessLogView accessLog,
    long serverLogLeftOut) {}
