package org.portbouncer.core.config;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Reads the basic forms of {@link ConfigCodec}; every read is checked against what remains, and
 * nothing is allocated for a length that does not fit. Runs in workers.
 */
final class CodecReader {

  /** Reads one value. */
  interface Element<T> {
    /** The value at the current position. */
    T read() throws ConfigCodecException;
  }

  private final ByteBuffer buffer;

  CodecReader(ByteBuffer buffer) {
    this.buffer = buffer.slice().order(ByteOrder.BIG_ENDIAN);
  }

  private void need(long bytes) throws ConfigCodecException {
    if (bytes < 0 || bytes > buffer.remaining()) {
      throw new ConfigCodecException(
          "at byte "
              + buffer.position()
              + " "
              + bytes
              + " bytes are needed and "
              + buffer.remaining()
              + " remain");
    }
  }

  int integer() throws ConfigCodecException {
    need(Integer.BYTES);
    return buffer.getInt();
  }

  long longInteger() throws ConfigCodecException {
    need(Long.BYTES);
    return buffer.getLong();
  }

  int integer(int min, int max) throws ConfigCodecException {
    int value = integer();
    if (value < min || value > max) {
      throw new ConfigCodecException(value + " is not from " + min + " to " + max);
    }
    return value;
  }

  long longInteger(long min) throws ConfigCodecException {
    long value = longInteger();
    if (value < min) {
      throw new ConfigCodecException(value + " is less than " + min);
    }
    return value;
  }

  int octet() throws ConfigCodecException {
    need(1);
    return buffer.get() & 0xff;
  }

  boolean flag() throws ConfigCodecException {
    int value = octet();
    if (value > 1) {
      throw new ConfigCodecException(value + " is not a boolean");
    }
    return value == 1;
  }

  <E extends Enum<E>> E constant(E[] constants) throws ConfigCodecException {
    String name = text();
    for (E constant : constants) {
      if (constant.name().equals(name)) {
        return constant;
      }
    }
    throw new ConfigCodecException("'" + name + "' is not a constant");
  }

  String text() throws ConfigCodecException {
    int length = integer();
    need(length);
    ByteBuffer slice = buffer.slice(buffer.position(), length);
    buffer.position(buffer.position() + length);
    try {
      CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(slice);
      return text.toString();
    } catch (CharacterCodingException e) {
      throw new ConfigCodecException("a text is not UTF-8", e);
    }
  }

  /** A list whose elements take a byte at least, so that its count cannot exceed what remains. */
  <T> List<T> list(Element<T> element) throws ConfigCodecException {
    int count = integer();
    need(count);
    List<T> values = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      values.add(element.read());
    }
    // Not List.copyOf, which has another class for one or two: the stages ask these lists for every
    // session, and what was compiled for one class would be compiled again for the other.
    return Collections.unmodifiableList(values);
  }

  <T> T nullable(Element<T> element) throws ConfigCodecException {
    return flag() ? element.read() : null;
  }

  void end() throws ConfigCodecException {
    if (buffer.hasRemaining()) {
      throw new ConfigCodecException(buffer.remaining() + " bytes too many");
    }
  }
}
