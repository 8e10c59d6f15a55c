package org.portbouncer.negotiator.connect;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.portbouncer.core.config.HopSecrets;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.ProxyCodes;

/** CONNECT over HTTP, RFC 9110, 9.3.6. Heads of HTTP/1.0 will do, and heads without a header. */
final class HttpConnect extends ProxyDialogue {

  private static final int UNAUTHORIZED = 401;
  private static final int PROXY_AUTHENTICATION_REQUIRED = 407;

  private static final byte[] START = "HTTP/1.".getBytes(StandardCharsets.US_ASCII);

  /** {@code HTTP/1.x NNN}. */
  private static final int STATUS_END = 12;

  private final String to;
  private final String user;
  private final HopSecrets secrets;

  /**
   * @param user who to be, by Basic; "" for nobody
   */
  HttpConnect(Destination to, String user, HopSecrets secrets) {
    this.to = to.text();
    this.user = user;
    this.secrets = secrets;
  }

  @Override
  byte[] first() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    put(out, "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\n");
    if (!user.isEmpty()) {
      // RFC 7617.
      ByteArrayOutputStream both = new ByteArrayOutputStream();
      put(both, user + ":");
      both.writeBytes(secrets.password());
      put(out, "Proxy-Authorization: Basic ");
      out.writeBytes(Base64.getEncoder().encode(both.toByteArray()));
      put(out, "\r\n");
    }
    out.writeBytes(secrets.headers());
    put(out, "\r\n");
    return out.toByteArray();
  }

  private static void put(ByteArrayOutputStream out, String text) {
    out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  int length(byte[] seen, int length) {
    for (int i = 0; i < Math.min(length, START.length); i++) {
      if (seen[i] != START[i]) {
        return UNFIT;
      }
    }
    // What lies behind the empty line is the target's. Some end lines with LF alone.
    for (int i = START.length; i < length; i++) {
      boolean ends =
          seen[i] == '\n' && (seen[i - 1] == '\n' || seen[i - 1] == '\r' && seen[i - 2] == '\n');
      if (ends) {
        return status(seen, i + 1) < 0 ? UNFIT : i + 1;
      }
    }
    return 0;
  }

  /** The status, or -1 where there is none. */
  private static int status(byte[] head, int length) {
    if (length < STATUS_END || head[8] != ' ') {
      return -1;
    }
    int status = 0;
    for (int i = 9; i < STATUS_END; i++) {
      int digit = head[i] - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      status = 10 * status + digit;
    }
    return status;
  }

  @Override
  byte[] answered(byte[] answer, int length) {
    int status = status(answer, length);
    if (status / 100 == 2) {
      return null;
    }
    boolean credentials = status == UNAUTHORIZED || status == PROXY_AUTHENTICATION_REQUIRED;
    return credentials
        ? refuse(Cause.PROXY_CREDENTIALS, ProxyCodes.ofHttp(status))
        : refuse(Cause.PROXY_HTTP, ProxyCodes.ofHttp(status));
  }
}
