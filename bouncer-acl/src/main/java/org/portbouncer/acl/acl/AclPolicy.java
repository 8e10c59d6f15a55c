package org.portbouncer.acl.acl;

import java.util.List;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.shared.Limit;

/** One ACL made ready for decisions: its matcher, and the limits of its rules. */
final class AclPolicy {

  private final RuleMatcher matcher;
  private final List<Rule> rules;
  private final Limit[] perRule;
  private final Limit[] perSource;

  AclPolicy(Acl acl) {
    matcher = new RuleMatcher(acl);
    rules = acl.rules();
    perRule = new Limit[rules.size()];
    perSource = new Limit[rules.size()];
    for (int i = 0; i < perRule.length; i++) {
      perRule[i] = Limit.perRule(acl, rules.get(i));
      perSource[i] = Limit.perSource(acl, rules.get(i));
    }
  }

  RuleMatcher matcher() {
    return matcher;
  }

  Rule rule(int index) {
    return rules.get(index);
  }

  /** The rule's own limit; null for none. */
  Limit perRule(int index) {
    return perRule[index];
  }

  /** The limit of each of the rule's sources; null for none. */
  Limit perSource(int index) {
    return perSource[index];
  }
}
