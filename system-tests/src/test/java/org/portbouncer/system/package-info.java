/**
 * Tests of bouncer from outside: they start {@code bin/bouncer} as a user does, drive it over
 * loopback and know nothing of its classes.
 */
package org.portbouncer.system;
