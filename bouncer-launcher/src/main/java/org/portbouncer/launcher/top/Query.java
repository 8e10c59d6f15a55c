package org.portbouncer.launcher.top;

import org.portbouncer.launcher.admin.SessionOrder;

/**
 * Which sessions are wanted.
 *
 * @param order heaviest by this
 * @param filter a text in the listener's name or the client's address; empty for all
 */
record Query(SessionOrder order, String filter) {}
