package org.portbouncer.core.config;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * One pass over the fields of a configuration in the form of {@link ConfigCodec}, each described
 * once, where its record is: what it is and what it may be. A writer passes on the values it gets;
 * a reader puts those that it reads in their place, and whoever passes a record gets one of them.
 */
interface ConfigWire {

  /** How the fields of a record follow each other. */
  interface Fields<T> {

    /**
     * Passes all of them.
     *
     * @param it whose values are written; for a reader any one of the kind
     * @return what was written or read
     */
    T pass(ConfigWire wire, T it) throws ConfigCodecException;
  }

  /** An integer of 4 bytes, from {@code min} to {@code max}. */
  int integer(int value, int min, int max) throws ConfigCodecException;

  /** The same without a greatest. */
  default int integer(int value, int min) throws ConfigCodecException {
    return integer(value, min, Integer.MAX_VALUE);
  }

  /** An integer of 8 bytes, from {@code min}. */
  long longInteger(long value, long min) throws ConfigCodecException;

  /** True or false. */
  boolean flag(boolean value) throws ConfigCodecException;

  /** A text, which may be empty. */
  String text(String value) throws ConfigCodecException;

  /** The name of a file, which many records share. */
  String file(String value) throws ConfigCodecException;

  /** One of these constants. */
  <E extends Enum<E>> E constant(E value, E[] constants) throws ConfigCodecException;

  /**
   * Several of a kind.
   *
   * @param blank any one of the kind
   */
  <T> List<T> list(List<T> values, T blank, Fields<T> fields) throws ConfigCodecException;

  /**
   * One, or null.
   *
   * @param blank any one of the kind
   */
  <T> T nullable(T value, T blank, Fields<T> fields) throws ConfigCodecException;

  /** Whether values are read, and have to be checked and put together. */
  boolean reads();

  /** Where the networks of rules lie, for those who read and decide; null for others. */
  MemorySegment memory();
}
