package org.portbouncer.negotiator.connect;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.portbouncer.core.session.Cause;

/** CONNECT over SOCKS version 5, RFC 1928, without authentication. */
final class Socks5 extends ProxyDialogue {

  private static final int VERSION = 5;
  private static final int NO_METHOD = 0xff;

  private static final int V4 = 1;
  private static final int NAME = 3;
  private static final int V6 = 4;

  private final Destination to;
  private boolean asked;

  Socks5(Destination to) {
    this.to = to;
  }

  @Override
  byte[] first() {
    return new byte[] {VERSION, 1, 0};
  }

  @Override
  int length(byte[] seen, int length) {
    if (length > 0 && seen[0] != VERSION) {
      return UNFIT;
    }
    int whole = asked ? replyLength(seen, length) : 2;
    return whole == UNFIT || length >= whole ? whole : 0;
  }

  /**
   * As long as its address is, whether it connected or not; more than there is where that may be.
   */
  private static int replyLength(byte[] seen, int length) {
    if (length < 5) {
      return 5;
    }
    return switch (seen[3]) {
      case V4 -> 10;
      case NAME -> 7 + (seen[4] & 0xff);
      case V6 -> 22;
      default -> UNFIT;
    };
  }

  @Override
  byte[] answered(byte[] answer, int length) {
    int code = answer[1] & 0xff;
    if (asked) {
      return code == 0 ? null : refuse(Cause.PROXY_SOCKS5, code);
    }
    if (code != 0) {
      return refuse(code == NO_METHOD ? Cause.PROXY_CREDENTIALS : Cause.PROXY_UNFIT, 0);
    }
    asked = true;
    return request();
  }

  private byte[] request() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {VERSION, 1, 0});
    if (to.address() == null) {
      byte[] name = to.host().getBytes(StandardCharsets.US_ASCII);
      out.write(NAME);
      out.write(name.length);
      out.writeBytes(name);
    } else {
      byte[] address = to.address().getAddress();
      out.write(address.length == 4 ? V4 : V6);
      out.writeBytes(address);
    }
    out.write(to.port() >> 8);
    out.write(to.port());
    return out.toByteArray();
  }
}
