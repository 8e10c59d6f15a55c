package org.portbouncer.system;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests of PROXY headers: a target that answers, one that keeps what it hears, and headers. */
abstract class ProxyProtocolCase {

  final int port = Ports.free();
  static final byte[] SIGNATURE = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a");
  static final String V1 = "PROXY TCP4 203.0.113.9 198.51.100.7 4711 443\r\n";

  @TempDir Path folder;

  Target echo;
  Target sink;
  final CompletableFuture<byte[]> got = new CompletableFuture<>();

  @BeforeEach
  void targets() throws IOException {
    echo = Target.start(Handler.echo());
    sink = Target.start(connection -> got.complete(connection.in().readAllBytes()));
  }

  @AfterEach
  void close() throws Exception {
    Closing.all(echo, sink);
  }

  String listener(Target target, String more) {
    return """
    listeners.web {
      listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = all
      accept-proxy { from = ["127.0.0.1", "::1"] }
      %s
    }
    acls.all = [ { name = bad, action = block, from = "203.0.113.66" }
                 { name = one, action = pass, from = "203.0.113.0/24", max-sessions-per-source = 1 }
                 { name = rest, action = pass } ]
    """
        .formatted(port, target.port(), more);
  }

  byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** A header of version 2 for 203.0.113.9:4711, who came to 198.51.100.7:443. */
  byte[] second(byte... tlvs) {
    byte[] addresses = HexFormat.of().parseHex("cb007109" + "c6336407" + "1267" + "01bb");
    return ByteBuffer.allocate(28 + tlvs.length)
        .put(SIGNATURE)
        .put((byte) 0x21)
        .put((byte) 0x11)
        .putShort((short) (12 + tlvs.length))
        .put(addresses)
        .put(tlvs)
        .array();
  }

  byte[] tlv(int type, byte[] value) {
    return ByteBuffer.allocate(3 + value.length)
        .put((byte) type)
        .putShort((short) value.length)
        .put(value)
        .array();
  }

  AccessLine end(BouncerServer server) {
    await().atMost(Patience.seconds(10)).until(() -> !ends(server).isEmpty());
    return ends(server).getLast();
  }

  List<AccessLine> ends(BouncerServer server) {
    return server.accessLines(AccessLine::isEnd);
  }
}
