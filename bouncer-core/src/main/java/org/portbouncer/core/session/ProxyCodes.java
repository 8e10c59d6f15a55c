package org.portbouncer.core.session;

/** What proxies answer when they refuse, in one byte and in words. */
public final class ProxyCodes {

  /** Where statuses of HTTP begin in a byte: those below stand for nothing. */
  private static final int HTTP_BASE = 399;

  private ProxyCodes() {}

  /** A status of HTTP as a byte; 0 for one that is no error. */
  public static int ofHttp(int status) {
    return status > HTTP_BASE && status < 600 ? status - HTTP_BASE : 0;
  }

  static String text(Cause cause, int code) {
    return switch (cause) {
      case PROXY_SOCKS5 -> "code " + code + ", " + socks5(code);
      case PROXY_SOCKS4 -> "code " + code + ", " + socks4(code);
      case PROXY_PASSWORD -> "code " + code;
      case PROXY_METHOD -> "method " + code;
      default -> code == 0 ? "its status is no success" : "status " + (code + HTTP_BASE);
    };
  }

  /** RFC 1928, section 6. */
  private static String socks5(int code) {
    return switch (code) {
      case 1 -> "general failure";
      case 2 -> "not allowed by its rules";
      case 3 -> "network unreachable";
      case 4 -> "host unreachable";
      case 5 -> "connection refused";
      case 6 -> "time to live expired";
      case 7 -> "command not supported";
      case 8 -> "address type not supported";
      default -> "unknown";
    };
  }

  private static String socks4(int code) {
    return switch (code) {
      case 91 -> "rejected or failed";
      case 92 -> "it cannot reach identd of the client";
      case 93 -> "identd names another user";
      default -> "unknown";
    };
  }
}
