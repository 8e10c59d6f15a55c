package org.portbouncer.core.config;

import java.util.List;

/**
 * A named list of rules; the first that matches decides, and no match blocks.
 *
 * @param index finds the rule for an address; null where that has not been made ready, or is not
 *     needed
 */
public record Acl(String name, List<Rule> rules, RuleIndex index) {

  /** One without an index. */
  public Acl(String name, List<Rule> rules) {
    this(name, rules, null);
  }

  static final Acl BLANK = new Acl("", List.of());

  static Acl pass(ConfigWire wire, Acl it) throws ConfigCodecException {
    return new Acl(
        wire.text(it.name),
        wire.list(it.rules, Rule.BLANK, Rule::pass),
        RuleIndex.pass(wire, it.index));
  }
}
