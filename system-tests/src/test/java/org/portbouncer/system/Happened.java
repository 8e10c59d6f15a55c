package org.portbouncer.system;

/**
 * What happened to one session.
 *
 * @param up bytes to the target
 * @param down bytes to the client
 */
record Happened(
    String client,
    String listener,
    String acl,
    String rule,
    String result,
    String term,
    long up,
    long down) {

  boolean passed() {
    return !result.equals("blocked") && !result.equals("limited");
  }

  boolean forwarded() {
    return passed() && !result.equals("no-target");
  }

  String decision() {
    return acl + " " + rule + " " + (passed() ? "pass" : result.replace("blocked", "block"));
  }

  String line() {
    return String.join(
        " ", client, listener, acl, rule, result, term, Long.toString(up), Long.toString(down));
  }
}
