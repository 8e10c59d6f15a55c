package org.portbouncer.launcher.admin;

/**
 * How session state travels, in the answer to {@code status}, made by the mother.
 *
 * @param mode inline, file-fd or shm
 * @param spilled hops whose state was too large for the mode and went another way
 * @param slotsTotal slots of shared memory; 0 where the mode has none
 * @param slotsUsed of these, the ones taken
 */
public record StateTransferView(String mode, long spilled, long slotsTotal, long slotsUsed) {}
