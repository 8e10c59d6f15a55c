package org.portbouncer.launcher.admin;

/**
 * One hop of a session, in the answer to {@code sessions}, made by the mother from the session
 * table.
 *
 * @param stage the stage that received the session
 * @param pid the process that did
 * @param receivedUs microseconds from the accept
 */
public record HopView(String stage, long pid, long receivedUs) {}
