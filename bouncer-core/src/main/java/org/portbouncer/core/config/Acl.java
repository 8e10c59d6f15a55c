package org.portbouncer.core.config;

import java.util.List;

/** A named list of rules; the first that matches decides, and no match blocks. */
public record Acl(String name, List<Rule> rules) {}
