package org.portbouncer.negotiator.connect;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.portbouncer.core.config.HopSecrets;
import org.portbouncer.core.session.Cause;

/** CONNECT over SOCKS version 5, RFC 1928, without authentication or with a password, RFC 1929. */
final class Socks5 extends ProxyDialogue {

  private static final int VERSION = 5;
  private static final int NO_METHOD = 0xff;

  private static final int V4 = 1;
  private static final int NAME = 3;
  private static final int V6 = 4;

  private static final int PASSWORD = 2;
  private static final int PASSWORD_VERSION = 1;

  /** What is answered next. */
  private enum Step {
    METHOD,
    PASSWORD,
    REQUEST
  }

  private final Destination to;
  private final String user;
  private final HopSecrets secrets;
  private Step step = Step.METHOD;

  /**
   * @param user who to be where the proxy asks; "" for nobody
   */
  Socks5(Destination to, String user, HopSecrets secrets) {
    this.to = to;
    this.user = user;
    this.secrets = secrets;
  }

  @Override
  byte[] first() {
    return user.isEmpty() ? new byte[] {VERSION, 1, 0} : new byte[] {VERSION, 2, 0, PASSWORD};
  }

  @Override
  int length(byte[] seen, int length) {
    // Some answer to a password with the version of the whole.
    boolean fits =
        length == 0 || seen[0] == VERSION || step == Step.PASSWORD && seen[0] == PASSWORD_VERSION;
    if (!fits) {
      return UNFIT;
    }
    int whole = step == Step.REQUEST ? replyLength(seen, length) : 2;
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
    return switch (step) {
      case METHOD -> method(code);
      case PASSWORD -> code == 0 ? request() : refuse(Cause.PROXY_PASSWORD, code);
      case REQUEST -> code == 0 ? null : refuse(Cause.PROXY_SOCKS5, code);
    };
  }

  private byte[] method(int method) {
    if (method == NO_METHOD) {
      return refuse(Cause.PROXY_METHOD, method);
    }
    if (method == PASSWORD && !user.isEmpty()) {
      return credentials();
    }
    return method == 0 ? request() : refuse(Cause.PROXY_UNFIT, 0);
  }

  private byte[] credentials() {
    step = Step.PASSWORD;
    byte[] password = secrets.password();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(PASSWORD_VERSION);
    out.write(user.length());
    out.writeBytes(user.getBytes(StandardCharsets.US_ASCII));
    out.write(password.length);
    out.writeBytes(password);
    return out.toByteArray();
  }

  private byte[] request() {
    step = Step.REQUEST;
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
