package org.portbouncer.core.config;

/**
 * So many sessions in so much time, as in `50/1s`.
 *
 * @param count at least 1
 * @param periodMs at least 1 millisecond
 */
public record Rate(int count, long periodMs) {}
