package org.portbouncer.core.log;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.support.Seed;

class LineBufferTest {

  private static boolean line(LineBuffer buffer, String text) {
    buffer.put(text);
    return buffer.endLine();
  }

  private static String text(LineBuffer buffer, int length) {
    byte[] bytes = MemorySegment.ofAddress(buffer.address()).reinterpret(length).toArray(JAVA_BYTE);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static String all(LineBuffer buffer) {
    return text(buffer, buffer.length());
  }

  @Test
  void shouldHoldWholeLinesOnlyWhenALineIsBeingWritten() {
    LineBuffer buffer = new LineBuffer(100);
    buffer.put("half");
    assertThat(buffer.length()).isZero();
    assertThat(buffer.endLine()).isTrue();
    assertThat(all(buffer)).isEqualTo("half\n");
  }

  @Test
  void shouldWriteUtf8AndNumbersWhenGivenThem() {
    LineBuffer buffer = new LineBuffer(200);
    buffer.put("é€\ud83d\ude00 ");
    buffer.put(0L);
    buffer.put((byte) ' ');
    buffer.put(Long.MAX_VALUE);
    assertThat(buffer.endLine()).isTrue();
    assertThat(all(buffer)).isEqualTo("é€\ud83d\ude00 0 9223372036854775807\n");
  }

  @Test
  void shouldLeaveALineOutWhenItDoesNotFit() {
    LineBuffer buffer = new LineBuffer(10);
    assertThat(line(buffer, "1234")).isTrue();
    assertThat(line(buffer, "123456")).isFalse();
    assertThat(line(buffer, "1234")).as("a shorter one still fits").isTrue();
    assertThat(line(buffer, "")).as("full").isFalse();
    assertThat(all(buffer)).isEqualTo("1234\n1234\n");
    buffer.consume(5);
    assertThat(line(buffer, "5678")).as("the room in front is used").isTrue();
    assertThat(all(buffer)).isEqualTo("1234\n5678\n");
  }

  @Test
  void shouldCutAtTheLastWholeLineWhenALimitIsGiven() {
    LineBuffer buffer = new LineBuffer(100);
    line(buffer, "12345");
    line(buffer, "12345");
    line(buffer, "1234567890");
    assertThat(buffer.wholeLines(100)).isEqualTo(23);
    assertThat(buffer.wholeLines(22)).isEqualTo(12);
    assertThat(buffer.wholeLines(12)).isEqualTo(12);
    assertThat(buffer.wholeLines(11)).isEqualTo(6);
    assertThat(buffer.wholeLines(6)).isEqualTo(6);
    assertThat(buffer.wholeLines(3)).as("at least one line").isEqualTo(6);
  }

  @Test
  void shouldDropTheRestOfALineThatWasBegunAndNothingElse() {
    LineBuffer buffer = new LineBuffer(100);
    assertThat(buffer.dropBegun()).isZero();
    line(buffer, "12345");
    line(buffer, "6789");
    assertThat(buffer.dropBegun()).as("nothing was taken yet").isZero();
    buffer.consume(3);
    assertThat(buffer.dropBegun()).isOne();
    assertThat(all(buffer)).isEqualTo("6789\n");
    buffer.consume(5);
    assertThat(buffer.dropBegun()).as("a whole line was taken").isZero();
  }

  @Test
  void shouldSayHowManyLinesAreDroppedWhenAllAre() {
    LineBuffer buffer = new LineBuffer(100);
    line(buffer, "12345");
    line(buffer, "6789");
    buffer.consume(2);
    assertThat(buffer.drop()).isEqualTo(2);
    assertThat(buffer.length()).isZero();
    assertThat(buffer.drop()).isZero();
    line(buffer, "next");
    assertThat(buffer.dropBegun()).isZero();
    assertThat(all(buffer)).isEqualTo("next\n");
  }

  @Test
  void shouldGiveEveryLineOnceAndInOrderWhenTheReaderTakesWhatItLikes() {
    Random random = Seed.random(LineBufferTest.class);
    LineBuffer buffer = new LineBuffer(256);
    ArrayDeque<String> reference = new ArrayDeque<>();
    for (int round = 0; round < 50_000; round++) {
      if (random.nextInt(3) > 0) {
        String text = "x".repeat(random.nextInt(40)) + round;
        int used = reference.stream().mapToInt(String::length).sum();
        boolean fits = used + text.length() + 1 <= 256;
        assertThat(line(buffer, text)).as("round %d", round).isEqualTo(fits);
        if (fits) {
          reference.add(text + "\n");
        }
      } else if (buffer.length() > 0) {
        int length = buffer.wholeLines(1 + random.nextInt(100));
        String taken = text(buffer, length);
        StringBuilder expected = new StringBuilder();
        while (expected.length() < length) {
          expected.append(reference.poll());
        }
        assertThat(taken).isEqualTo(expected.toString());
        buffer.consume(length);
      }
    }
  }
}
