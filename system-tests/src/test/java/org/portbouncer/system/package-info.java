/**
 * Tests of bouncer from outside: they start {@code bin/bouncer} as a user does, drive it over
 * loopback and know nothing of its classes.
 *
 * <p>One test alone, with the seed that an earlier run printed: {@code mvn verify -pl system-tests
 * -Dit.test=ForwardingIT#shouldAnswerWhenTheClientSpeaksFirst -Dseed=42}. Another program than that
 * of the checkout: {@code -Dbouncer.command=/usr/bin/bouncer}.
 */
package org.portbouncer.system;
