package org.portbouncer.core.sys;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PrintableTest {

  @Test
  void shouldLeaveTextAloneWhenAllOfItIsSeen() {
    String text = "unix:/run/é €\ud83d\ude00 \\ \"quoted\".sock";
    assertThat(Printable.of(text)).isSameAs(text);
  }

  @Test
  void shouldShowWhatItIsWhenACharacterIsNotSeen() {
    assertThat(Printable.of("a\u001b[2J\n\r\tb\u0000\u007f"))
        .isEqualTo("a\\u001b[2J\\n\\r\\tb\\u0000\\u007f");
    assertThat(Printable.of("\u009b\u202e\u2028\u200b")).isEqualTo("\\u009b\\u202e\\u2028\\u200b");
    assertThat(Printable.of("lone \ud83d and \udb40\udc01"))
        .isEqualTo("lone \\ud83d and \\udb40\\udc01");
  }
}
