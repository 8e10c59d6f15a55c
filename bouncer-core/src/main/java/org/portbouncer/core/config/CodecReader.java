package org.portbouncer.core.config;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a configuration in the form of {@link ConfigCodec}; every read is checked against what
 * remains, and nothing is allocated for a length that does not fit. Runs in workers.
 */
final class CodecReader implements ConfigWire {

  private final ByteBuffer buffer;
  private final MemorySegment memory;
  private final Map<String, String> files = new HashMap<>();

  /**
   * @param memory where the networks of rules lie; null where they are not wanted
   */
  CodecReader(ByteBuffer buffer, MemorySegment memory) {
    this.buffer = buffer.slice().order(ByteOrder.BIG_ENDIAN);
    this.memory = memory;
  }

  @Override
  public boolean reads() {
    return true;
  }

  @Override
  public MemorySegment memory() {
    return memory;
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

  @Override
  public int integer(int ignored, int min, int max) throws ConfigCodecException {
    int value = integer();
    if (value < min || value > max) {
      throw new ConfigCodecException(value + " is not from " + min + " to " + max);
    }
    return value;
  }

  @Override
  public long longInteger(long ignored, long min) throws ConfigCodecException {
    need(Long.BYTES);
    long value = buffer.getLong();
    if (value < min) {
      throw new ConfigCodecException(value + " is less than " + min);
    }
    return value;
  }

  int octet() throws ConfigCodecException {
    need(1);
    return buffer.get() & 0xff;
  }

  private boolean flag() throws ConfigCodecException {
    int value = octet();
    if (value > 1) {
      throw new ConfigCodecException(value + " is not a boolean");
    }
    return value == 1;
  }

  @Override
  public boolean flag(boolean ignored) throws ConfigCodecException {
    return flag();
  }

  @Override
  public <E extends Enum<E>> E constant(E ignored, E[] constants) throws ConfigCodecException {
    String name = text();
    for (E constant : constants) {
      if (constant.name().equals(name)) {
        return constant;
      }
    }
    throw new ConfigCodecException("'" + name + "' is not a constant");
  }

  private String text() throws ConfigCodecException {
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

  @Override
  public String text(String ignored) throws ConfigCodecException {
    return text();
  }

  @Override
  public String file(String ignored) throws ConfigCodecException {
    String name = text();
    String known = files.putIfAbsent(name, name);
    return known == null ? name : known;
  }

  /** A list whose elements take a byte at least, so that its count cannot exceed what remains. */
  @Override
  public <T> List<T> list(List<T> ignored, T blank, Fields<T> fields) throws ConfigCodecException {
    int count = integer();
    need(count);
    List<T> values = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      values.add(fields.pass(this, blank));
    }
    // Not List.copyOf, which has another class for one or two: the stages ask these lists for every
    // session, and what was compiled for one class would be compiled again for the other.
    return Collections.unmodifiableList(values);
  }

  @Override
  public <T> T nullable(T ignored, T blank, Fields<T> fields) throws ConfigCodecException {
    return flag() ? fields.pass(this, blank) : null;
  }

  void end() throws ConfigCodecException {
    if (buffer.hasRemaining()) {
      throw new ConfigCodecException(buffer.remaining() + " bytes too many");
    }
  }
}
