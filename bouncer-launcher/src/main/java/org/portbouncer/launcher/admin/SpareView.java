package org.portbouncer.launcher.admin;

/**
 * One process that waits to become a worker, in the answer to {@code status}, made by the mother.
 *
 * @param index from 0
 * @param pid its process
 * @param state starting, or waiting: it could take over at once
 * @param rssBytes its resident memory
 */
public record SpareView(int index, long pid, String state, long rssBytes) {}
