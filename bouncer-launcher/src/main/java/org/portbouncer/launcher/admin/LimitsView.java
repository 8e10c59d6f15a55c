package org.portbouncer.launcher.admin;

/**
 * The global session limit, in the answer to {@code status}, made by the mother.
 *
 * @param maxSessions the most sessions at once
 * @param active every session between accept and its end
 */
public record LimitsView(long maxSessions, long active) {}
