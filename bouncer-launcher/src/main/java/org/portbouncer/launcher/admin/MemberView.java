package org.portbouncer.launcher.admin;

import org.portbouncer.launcher.state.LastError;

/**
 * One member of a group of targets, in the answer to {@code targets} and in the figures.
 *
 * @param balance of its group
 * @param maxSessions 0 for no limit
 * @param state up, down, ejected, drain or off
 * @param active sessions that are to it or on their way
 * @param connects by the ordinal of their TargetBoard.Outcome
 * @param lastError what last went wrong with it; null for nothing
 */
public record MemberView(
    String group,
    String balance,
    String name,
    String address,
    int weight,
    boolean backup,
    int maxSessions,
    String state,
    int active,
    long[] connects,
    long checksOk,
    long checksFailed,
    LastError lastError) {}
