package org.portbouncer.negotiator.connect;

import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.ProxyCodes;

/**
 * Whether what a chain came to says something of the target behind it, or of a proxy alone: a
 * member of a group is not to pay for a proxy that refuses to serve, or cannot be reached. In the
 * connect worker.
 */
final class ProxyBlame {

  private static final int SERVER_ERROR = ProxyCodes.ofHttp(500);

  private ProxyBlame() {}

  /**
   * Whether the target is to blame.
   *
   * @param last whether the last proxy said so, who alone speaks of the target
   * @param code of the proxy, as {@link ProxyCodes} has it
   */
  static boolean isTargets(Cause cause, int code, boolean last) {
    if (!last) {
      return false;
    }
    return switch (cause) {
      // Not allowed (2), an unknown command (7) or kind of address (8) is the proxy's own word.
      case PROXY_SOCKS5 -> code == 1 || code >= 3 && code <= 6;
      // 91 is all that there is for a target that is not reached; 92 and 93 are about the user.
      case PROXY_SOCKS4 -> code == 91;
      case PROXY_HTTP -> code >= SERVER_ERROR;
      // OpenSSH says so that it has not reached the target; who is late waits for it.
      case PROXY_ENDED, PROXY_LATE -> true;
      case PROXY_CREDENTIALS,
          PROXY_PASSWORD,
          PROXY_METHOD,
          PROXY_UNFIT,
          PROXY_FAMILY,
          PROXY_BROKEN,
          WATCHES ->
          false;
      // Its name was looked up here.
      default -> true;
    };
  }
}
