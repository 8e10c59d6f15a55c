package org.portbouncer.launcher.admin;

import java.util.List;
import org.portbouncer.launcher.state.LastError;

/**
 * One listener in the answer to {@code status}, made by the mother.
 *
 * @param name its key in the configuration and in the answer
 * @param listen where it listens; in JSON a string where there is one, else an array
 * @param target where its clients are sent
 * @param accepted clients accepted since the start
 * @param active of these, the ones that have not ended
 * @param passed clients that the rules let through
 * @param blocked clients that the rules turned away
 * @param limited clients that a limit turned away
 * @param failed clients whose target could not be reached
 * @param bytesUp bytes from clients to targets
 * @param bytesDown bytes from targets to clients
 * @param lastError the last failure; null where there was none
 */
public record ListenerView(
    String name,
    List<String> listen,
    String target,
    long accepted,
    long active,
    long passed,
    long blocked,
    long limited,
    long failed,
    long bytesUp,
    long bytesDown,
    LastError lastError) {}
