package org.portbouncer.launcher.top;

import java.util.List;
import org.portbouncer.launcher.view.Answer;

/**
 * What the server said at a moment.
 *
 * @param nanos System.nanoTime
 * @param wallMs the clock that the server writes times by
 * @param query which sessions were asked for
 * @param status the answer to {@code status}
 * @param members the answer to {@code targets}
 * @param heaviest the answer to {@code top}
 */
record Snapshot(
    long nanos, long wallMs, Query query, Answer status, List<Answer> members, Answer heaviest) {}
