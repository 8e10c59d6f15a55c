package org.portbouncer.core.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class EphemeralPortsTest {

  @Test
  void shouldReadWhatTheKernelSays() throws IOException {
    String[] range;
    try (InputStream in = new FileInputStream("/proc/sys/net/ipv4/ip_local_port_range")) {
      // In one piece: the kernel answers a second read with the end.
      byte[] bytes = new byte[64];
      int length = in.read(bytes);
      range = new String(bytes, 0, length, StandardCharsets.US_ASCII).strip().split("\\s+", -1);
    }
    EphemeralPorts ports = EphemeralPorts.ofThisMachine();
    assertThat(ports.contain(Integer.parseInt(range[0]))).isTrue();
    assertThat(ports.contain(Integer.parseInt(range[0]) - 1)).isFalse();
    assertThat(ports.contain(Integer.parseInt(range[1]))).isTrue();
    assertThat(ports.contain(Integer.parseInt(range[1]) + 1)).isFalse();
  }

  @Test
  void shouldTakeEveryPortForOneWhenTheKernelDoesNotSay() {
    for (String text : new String[] {null, "", "32768", "a b"}) {
      assertThat(EphemeralPorts.parse(text).contain(80)).as("%s", text).isTrue();
    }
  }
}
