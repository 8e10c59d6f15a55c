package org.portbouncer.launcher.admin;

/**
 * The access log, in the answer to {@code status}, made by the mother.
 *
 * @param to stdout, file, syslog or none
 * @param linesLeftOut since the start, by all processes
 * @param trouble why lines cannot be written now; empty where they can
 */
public record AccessLogView(String to, long linesLeftOut, String trouble) {}
