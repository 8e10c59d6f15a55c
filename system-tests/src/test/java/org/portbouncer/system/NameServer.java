package org.portbouncer.system;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * A name server that answers by the first letter of the name: u, the name is not known; f, a
 * failure; s, not at all; h, 127.0.0.1; to others that the name has no address.
 */
final class NameServer implements AutoCloseable {
  /** RFC 1035 4.1.3: the name of the question, A, IN, a minute, four bytes. */
  private static final byte[] LOOPBACK = {
    (byte) 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1
  };

  private final String address;
  private final DatagramSocket socket;

  /**
   * Skips the test where somebody else has its port.
   *
   * @param address of 127/8, of this test class alone
   */
  NameServer(String address) throws IOException {
    this.address = address;
    try {
      socket = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral(address), 53));
    } catch (BindException e) {
      throw new org.opentest4j.TestAbortedException("somebody has port 53 here", e);
    }
    Thread.ofVirtual().start(this::answerAll);
  }

  /**
   * What stands before a command whose names are asked for here.
   *
   * @param folder for its files
   * @param options of its {@code resolv.conf}
   */
  List<String> asked(Path folder, String options) throws IOException {
    assumeTrue(Accounts.isRoot(), "only root has mount namespaces");
    Path resolv = folder.resolve("resolv.conf");
    Files.writeString(resolv, "nameserver " + address + "\noptions " + options + "\n");
    Path order = folder.resolve("nsswitch.conf");
    Files.writeString(order, "hosts: files dns\n");
    return List.of(
        "unshare",
        "--mount",
        "sh",
        "-c",
        "mount --bind %s /etc/resolv.conf && mount --bind %s /etc/nsswitch.conf"
                .formatted(resolv, order)
            + " && exec \"$@\"",
        "sh");
  }

  private void answerAll() {
    byte[] bytes = new byte[512];
    while (!socket.isClosed()) {
      try {
        DatagramPacket question = new DatagramPacket(bytes, bytes.length);
        socket.receive(question);
        if (bytes[13] != 's') {
          byte[] answer = answer(bytes);
          socket.send(new DatagramPacket(answer, answer.length, question.getSocketAddress()));
        }
      } catch (IOException e) {
        return;
      }
    }
  }

  private static byte[] answer(byte[] question) {
    int end = 12;
    while (question[end] != 0) {
      end += question[end] + 1;
    }
    boolean isForIpv4 = question[end + 2] == 1;
    // RFC 1035 4.1.1: the answer bit and RCODE; the name begins at byte 12.
    char first = (char) question[13];
    byte[] answer = Arrays.copyOf(question, end + 5);
    answer[2] |= (byte) 0x80;
    answer[3] = (byte) (0x80 | (first == 'u' ? 3 : first == 'f' ? 2 : 0));
    // Additional records (EDNS) are not repeated.
    answer[11] = 0;
    if (first != 'h' || !isForIpv4) {
      return answer;
    }
    answer[7] = 1;
    byte[] whole = Arrays.copyOf(answer, answer.length + LOOPBACK.length);
    System.arraycopy(LOOPBACK, 0, whole, answer.length, LOOPBACK.length);
    return whole;
  }

  @Override
  public void close() {
    socket.close();
  }
}
