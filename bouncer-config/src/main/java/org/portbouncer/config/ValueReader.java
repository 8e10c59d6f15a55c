package org.portbouncer.config;

import org.portbouncer.core.config.InvalidValueException;

/** Turns the text of a value into what it means. */
@FunctionalInterface
interface ValueReader<T> {

  /**
   * The meaning.
   *
   * @param where where the text stands, for paths relative to it
   * @throws InvalidValueException with what is wrong and what would be right
   */
  T read(String text, Where where);
}
