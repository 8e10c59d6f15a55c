package org.portbouncer.negotiator.connect;

import java.io.ByteArrayOutputStream;
import java.net.Inet4Address;
import java.nio.charset.StandardCharsets;
import org.portbouncer.core.session.Cause;

/** CONNECT over SOCKS version 4, and 4a where the proxy is to look a name up. */
final class Socks4 extends ProxyDialogue {

  private static final int LENGTH = 8;
  private static final int GRANTED = 90;

  private final Destination to;
  private final String user;

  Socks4(Destination to, String user) {
    this.to = to;
    this.user = user;
  }

  /** Whether its requests have room for the address. */
  static boolean reaches(Destination to) {
    return to.address() == null || to.address() instanceof Inet4Address;
  }

  @Override
  byte[] first() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(4);
    out.write(1);
    out.write(to.port() >> 8);
    out.write(to.port());
    out.writeBytes(to.address() == null ? new byte[] {0, 0, 0, 1} : to.address().getAddress());
    out.writeBytes(user.getBytes(StandardCharsets.US_ASCII));
    out.write(0);
    if (to.address() == null) {
      out.writeBytes(to.host().getBytes(StandardCharsets.US_ASCII));
      out.write(0);
    }
    return out.toByteArray();
  }

  @Override
  int length(byte[] seen, int length) {
    if (length > 0 && seen[0] != 0) {
      return UNFIT;
    }
    return length >= LENGTH ? LENGTH : 0;
  }

  @Override
  byte[] answered(byte[] answer, int length) {
    int code = answer[1] & 0xff;
    return code == GRANTED ? null : refuse(Cause.PROXY_SOCKS4, code);
  }
}
