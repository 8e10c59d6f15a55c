package org.portbouncer.core.session;

import org.portbouncer.core.sys.ConnectErrno;
import org.portbouncer.core.sys.Errno;

/**
 * Why a session did not end well, in words for people: what {@link Result} and {@link Term} do not
 * say. A code and perhaps an errno, so that it has room in the session's record and no text of a
 * worker is believed. In every process.
 */
public enum Cause {
  /** Nobody said more than result and term; {@link #usual} makes the best of them. */
  UNSAID(0, ""),
  /** What a call of the system answered. */
  SYSTEM(1, ""),
  /** What connecting to an address answered. */
  CONNECT(2, ""),
  /** What connecting to a Unix socket answered. */
  CONNECT_UNIX(3, ""),
  NO_LOCAL_PORT(4, "no local port is free towards it"),
  WATCHES(5, ""),
  NO_ANSWER(6, "no answer in time"),
  NO_TARGET(7, "the target cannot be reached"),
  MEMBERS_DOWN(8, "no member of the group is up"),
  MEMBERS_FULL(9, "every member of the group that is up has its max-sessions"),
  /** What the target's machine said to a datagram. */
  UNREACHABLE(17, "the target takes no datagrams"),
  UNEXPECTED(16, "the answer is not what a check expects"),

  NAME_UNKNOWN(10, "the name is not known"),
  NAME_EMPTY(11, "the name has no address"),
  NAME_SERVICE_SILENT(12, "the name service does not answer, or cannot now"),
  NAME_SERVICE_REFUSES(13, "the name service refuses to answer"),
  NAME_LATE(14, "the name was not resolved in time"),
  NAME_FAILED(15, "the name cannot be looked up"),

  PROXY_SOCKS5(80, "refused over SOCKS5"),
  PROXY_SOCKS4(81, "refused over SOCKS4"),
  PROXY_HTTP(82, "refused over HTTP"),
  /** By a status of HTTP. */
  PROXY_CREDENTIALS(83, "the proxy refuses the credentials, or wants some"),
  PROXY_ENDED(84, "the proxy ended the connection without an answer: not reached"),
  PROXY_UNFIT(85, "the proxy's answer is not of its protocol"),
  PROXY_FAMILY(86, "SOCKS4 reaches IPv4 addresses alone"),
  PROXY_LATE(87, "no answer of the proxy in time"),
  PROXY_BROKEN(88, "the connection to the proxy broke"),
  /** By the status of RFC 1929. */
  PROXY_PASSWORD(89, "the proxy refuses the credentials over SOCKS5"),
  /** By the method of RFC 1928 that stands for none. */
  PROXY_METHOD(90, "the proxy takes no such credentials over SOCKS5, or wants some"),
  /** Some proxies answer before they have connected. */
  PROXY_EMPTY(91, "a proxy let it through, and it ended without a byte of the target"),

  NO_RULE(20, "no rule matches"),
  RULE_BLOCKS(21, "the rule blocks"),
  RECHECKED(22, "the rules of a reload block it"),
  MAX_SESSIONS(23, "max-sessions of the rule"),
  MAX_SESSIONS_PER_SOURCE(24, "max-sessions-per-source of the rule"),
  RATE(25, "rate of the rule"),
  RATE_PER_SOURCE(26, "rate-per-source of the rule"),
  SOURCES_FULL(27, "no room to count one more source"),
  ALL_SESSIONS(28, "limits.max-sessions"),
  CLUSTER_AWAY(29, "no part of the cluster's limit: the cluster is not reached"),

  SETUP_LATE(30, "not set up within timeouts.negotiate"),
  IDLE(31, "no byte within timeouts.idle"),
  HALF_CLOSED(32, "one side had ended, and no byte came within timeouts.half-closed"),

  HEADER_LATE(33, "no whole PROXY header within timeouts.negotiate"),
  HEADER_MALFORMED(34, "the PROXY header is malformed"),
  CHECKED(35, "a check: it ended without a byte of a client"),

  /** What sending the header answered. */
  GREETING(70, "the target took no PROXY header"),

  CLIENT_RESET(40, "the client reset the connection, or vanished"),
  TARGET_RESET(41, "the target reset the connection, or vanished"),

  OPERATOR(50, "killed by the operator"),
  STOPPED(51, "the server was stopped at once"),
  DRAINED(52, "the server stopped, and timeouts.drain was over"),
  MEMBER_DOWN(53, "checks found its member down, and on-down is end"),

  WORKER_DIED(60, "the worker that had it died"),
  LOST(61, "lost on its way with a worker that died"),
  DESCRIPTORS(62, "no descriptors were left for it"),
  UNFIT(63, "it came with descriptors that nothing can be forwarded with"),
  DAMAGED(64, "its state came damaged"),
  NOT_CONFIGURED(65, "it names what is not configured"),
  IN_HAND(67, "the worker that had it died with bytes of it in its hands"),
  INTERNAL(66, "internal error");

  private static final Cause[] ALL = values();

  private final int code;
  private final String words;

  Cause(int code, String words) {
    this.code = code;
    this.words = words;
  }

  /** As it stands in shared memory: 0 to 255. */
  public int code() {
    return code;
  }

  /** The cause with this code; {@link #UNSAID} where there is none. */
  public static Cause withCode(int code) {
    for (Cause cause : ALL) {
      if (cause.code == code) {
        return cause;
      }
    }
    return UNSAID;
  }

  /** What a look-up that failed with these words is; where it is none of ours, the general one. */
  public static Cause ofLookup(String words) {
    for (Cause cause : ALL) {
      if (cause.code >= NAME_UNKNOWN.code
          && cause.code <= NAME_FAILED.code
          && cause.words.equals(words)) {
        return cause;
      }
    }
    return NAME_FAILED;
  }

  /** The words without what an errno adds. */
  public String words() {
    return words;
  }

  /**
   * In words.
   *
   * @param errno what the system said; 0 for nothing; of a proxy its code, see {@link ProxyCodes}
   */
  public String text(int errno) {
    return switch (this) {
      case SYSTEM -> Errno.text(errno);
      case CONNECT -> ConnectErrno.inet(errno);
      case CONNECT_UNIX -> ConnectErrno.unix(errno);
      case WATCHES -> Errno.watching(errno);
      case PROXY_SOCKS5, PROXY_SOCKS4, PROXY_HTTP -> words + ": " + ProxyCodes.text(this, errno);
      case PROXY_CREDENTIALS, PROXY_PASSWORD, PROXY_METHOD ->
          errno == 0 ? words : words + ": " + ProxyCodes.text(this, errno);
      default -> errno == 0 ? words : words + ": " + Errno.text(errno);
    };
  }

  /** Whether a proxy of a chain is to be told with it. */
  public boolean isOfProxy() {
    return code >= PROXY_SOCKS5.code && code <= PROXY_METHOD.code;
  }

  /** What it most likely was, where nobody said more than this. */
  public static Cause usual(Result result, Term term) {
    return switch (result) {
      case OK -> UNSAID;
      case BLOCKED -> blocked(term);
      case LIMITED -> ALL_SESSIONS;
      case NO_TARGET -> term == Term.TARGET_TIMEOUT ? NAME_LATE : NO_TARGET;
      case TIMEOUT -> late(term);
      case RESET -> term.text().startsWith("S") ? TARGET_RESET : CLIENT_RESET;
      case KILLED -> OPERATOR;
      case DRAINED -> DRAINED;
      case CHECK -> CHECKED;
      case ERROR -> term == Term.RESOURCE || term == Term.RESOURCE_DATA ? DESCRIPTORS : INTERNAL;
    };
  }

  private static Cause blocked(Term term) {
    return switch (term) {
      case BLOCKED_DATA -> RECHECKED;
      case BLOCKED_HEADER -> HEADER_MALFORMED;
      default -> RULE_BLOCKS;
    };
  }

  private static Cause late(Term term) {
    return switch (term) {
      case CLIENT_TIMEOUT_HEADER -> HEADER_LATE;
      case CLIENT_TIMEOUT_SETUP -> SETUP_LATE;
      case TARGET_TIMEOUT -> NO_ANSWER;
      default -> IDLE;
    };
  }
}
