package org.portbouncer.core.config;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Writes a configuration in the form of {@link ConfigCodec}. Runs in the mother. */
final class CodecWriter implements ConfigWire {

  private ByteBuffer buffer = ByteBuffer.allocate(4096);

  private ByteBuffer room(int bytes) {
    if (buffer.remaining() < bytes) {
      int size =
          Math.max(
              Math.multiplyExact(buffer.capacity(), 2), Math.addExact(buffer.position(), bytes));
      ByteBuffer larger = ByteBuffer.allocate(size);
      buffer.flip();
      buffer = larger.put(buffer);
    }
    return buffer;
  }

  void number(int value) {
    room(Integer.BYTES).putInt(value);
  }

  void octet(int value) {
    room(1).put((byte) value);
  }

  @Override
  public boolean reads() {
    return false;
  }

  @Override
  public MemorySegment memory() {
    return null;
  }

  @Override
  public int integer(int value, int min, int max) {
    number(value);
    return value;
  }

  @Override
  public long longInteger(long value, long min) {
    room(Long.BYTES).putLong(value);
    return value;
  }

  @Override
  public boolean flag(boolean value) {
    octet(value ? 1 : 0);
    return value;
  }

  @Override
  public <E extends Enum<E>> E constant(E value, E[] constants) {
    text(value.name());
    return value;
  }

  @Override
  public String text(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    number(bytes.length);
    room(bytes.length).put(bytes);
    return value;
  }

  @Override
  public String file(String value) {
    return text(value);
  }

  @Override
  public <T> List<T> list(List<T> values, T blank, Fields<T> fields) throws ConfigCodecException {
    number(values.size());
    for (T value : values) {
      fields.pass(this, value);
    }
    return values;
  }

  @Override
  public <T> T nullable(T value, T blank, Fields<T> fields) throws ConfigCodecException {
    flag(value != null);
    if (value != null) {
      fields.pass(this, value);
    }
    return value;
  }

  byte[] bytes() {
    return Arrays.copyOf(buffer.array(), buffer.position());
  }
}
