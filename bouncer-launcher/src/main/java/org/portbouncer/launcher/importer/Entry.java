package org.portbouncer.launcher.importer;

/**
 * One setting of the configuration that is written.
 *
 * @param origin the line it comes from
 * @param key of bouncer.conf, below the block it stands in
 * @param value as HOCON
 */
record Entry(Origin origin, String key, String value) {}
