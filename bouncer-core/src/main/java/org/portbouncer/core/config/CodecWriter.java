package org.portbouncer.core.config;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** Writes the basic forms of {@link ConfigCodec}. Runs in the mother. */
final class CodecWriter {

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

  void number(long value) {
    room(Long.BYTES).putLong(value);
  }

  void octet(int value) {
    room(1).put((byte) value);
  }

  void flag(boolean value) {
    octet(value ? 1 : 0);
  }

  void constant(Enum<?> value) {
    text(value.name());
  }

  void text(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    number(bytes.length);
    room(bytes.length).put(bytes);
  }

  <T> void list(List<T> values, Consumer<T> element) {
    number(values.size());
    values.forEach(element);
  }

  <T> void nullable(T value, Consumer<T> present) {
    flag(value != null);
    if (value != null) {
      present.accept(value);
    }
  }

  byte[] bytes() {
    return Arrays.copyOf(buffer.array(), buffer.position());
  }
}
