package org.portbouncer.launcher.admin;

/**
 * One worker process in the answer to {@code status}, made by the mother.
 *
 * @param stage negotiate, acl, connect, bandwidth or io
 * @param index from 0, within the stage
 * @param pid its process
 * @param state starting, ready, draining or throttled
 * @param restarts how often a worker of this place had to be started again
 * @param sessions the sessions it owns now
 * @param rssBytes its resident memory
 * @param cpuMs user and system time, its predecessors' included
 * @param lastEnd why it had to be started again the last time; null where it never had
 * @param nextStartMs how long until it is started again; -1 where it runs
 */
public record WorkerView(
    String stage,
    int index,
    long pid,
    String state,
    long restarts,
    long sessions,
    long rssBytes,
    long cpuMs,
    String lastEnd,
    long nextStartMs) {}
