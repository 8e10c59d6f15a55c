package org.portbouncer.launcher.admin;

/**
 * A bandwidth class as it is in force: what the configuration says, or {@code limit} has said
 * since.
 *
 * @param name its name
 * @param up bytes per second from clients to targets; 0 for no limit
 * @param down bytes per second from targets to clients; 0 for no limit
 * @param burst bytes that may pass at once after a pause, of the faster way
 * @param sharedBy whose sessions share the rate
 * @param sessions live sessions of the class
 * @param bytesUp that its sessions have moved to targets, ended ones included; never falls
 * @param bytesDown likewise to clients
 * @param throttledS for how long sessions have waited for it, in seconds, summed over them
 */
public record BandwidthView(
    String name,
    long up,
    long down,
    long burst,
    String sharedBy,
    int sessions,
    long bytesUp,
    long bytesDown,
    double throttledS) {}
