package org.portbouncer.acl.acl;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.SockAddr;

/**
 * Finds the rule that decides: the first whose conditions all hold. Allocates nothing. Runs in the
 * acl worker, and in `bouncer acl test`.
 */
public final class RuleMatcher {

  /** No rule matched: the session is blocked. */
  public static final int NONE = -1;

  private RuleMatcher() {}

  /**
   * @param m where the client's address stands, as {@link SockAddr} lays it out
   * @return the index of the rule that decides, or {@link #NONE}
   */
  public static int match(Acl acl, MemorySegment m, long client) {
    List<Rule> rules = acl.rules();
    for (int i = 0; i < rules.size(); i++) {
      if (matches(rules.get(i), m, client)) {
        return i;
      }
    }
    return NONE;
  }

  private static boolean matches(Rule rule, MemorySegment m, long client) {
    if (rule.from() == null) {
      return true;
    }
    return switch (SockAddr.family(m, client)) {
      case Const.AF_INET -> rule.from().containsV4(SockAddr.v4(m, client));
      case Const.AF_INET6 ->
          rule.from().containsV6(SockAddr.v6High(m, client), SockAddr.v6Low(m, client));
      default -> false;
    };
  }
}
