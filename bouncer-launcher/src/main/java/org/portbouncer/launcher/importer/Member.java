package org.portbouncer.launcher.importer;

/**
 * One of several places where sessions may go.
 *
 * @param origin the line that names it
 * @param address as in bouncer.conf
 * @param backup whether it is for when no other is up
 */
record Member(Origin origin, String address, boolean backup) {}
