package org.portbouncer.launcher.figures;

import java.util.function.Function;

/**
 * A label of metrics.
 *
 * @param text its value for one of those that the figures are of
 */
record Label<S>(String name, Function<S, String> text) {}
