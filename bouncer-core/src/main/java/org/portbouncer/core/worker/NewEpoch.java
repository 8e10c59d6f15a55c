package org.portbouncer.core.worker;

/**
 * A configuration that was read and prepared.
 *
 * @param known what the stage wants done on the loop's thread once the epoch is known there
 */
record NewEpoch(Epoch epoch, Runnable known) {}
