package org.portbouncer.core.shared;

import java.nio.charset.StandardCharsets;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Rate;
import org.portbouncer.core.config.Rule;

/**
 * One limit on sessions, of a rule or of each of its sources. What it counts is found by its key,
 * which comes from names and not from places in a configuration, so that counts stay with their
 * rule when a reload moves it.
 *
 * @param key never 0
 * @param maxSessions live sessions; 0 for no limit
 * @param rate new sessions; null for no limit
 */
public record Limit(long key, int maxSessions, Rate rate) {

  /** What a limit is counted by. */
  public enum Per {
    RULE,
    SOURCE
  }

  /** The limit of that rule; null where there is nothing to count. */
  public static Limit of(String acl, String rule, Per per, int maxSessions, Rate rate) {
    return maxSessions == 0 && rate == null
        ? null
        : new Limit(key(per.name() + ' ' + acl + '/' + rule), maxSessions, rate);
  }

  /** The limit of a rule that this server has a part of: counted whatever it limits. */
  public static Limit part(String acl, String rule, int maxSessions, Rate rate) {
    return new Limit(key(Per.RULE.name() + ' ' + acl + '/' + rule), maxSessions, rate);
  }

  /** What all sessions of a rule are counted by; null where nothing is. */
  public static Limit perRule(Acl acl, Rule rule) {
    return rule.shared()
        ? part(acl.name(), rule.name(), rule.maxSessions(), rule.rate())
        : of(acl.name(), rule.name(), Per.RULE, rule.maxSessions(), rule.rate());
  }

  /** What those of each of its sources are counted by; null where nothing is. */
  public static Limit perSource(Acl acl, Rule rule) {
    return of(
        acl.name(), rule.name(), Per.SOURCE, rule.maxSessionsPerSource(), rule.ratePerSource());
  }

  /** Sessions in the period of the rate; 0 without one. */
  int count() {
    return rate == null ? 0 : rate.count();
  }

  /** How long after a session the rate may still count it, ns; 0 without one. */
  public long windowNanos() {
    return rate == null ? 0 : RateWindow.nanos(rate);
  }

  /** A number for a name: FNV-1a of the text, its bits mixed (the finalizer of MurmurHash3). */
  public static long key(String text) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    long mixed = mix(hash);
    return mixed == 0 ? 1 : mixed;
  }

  private static long mix(long value) {
    long mixed = (value ^ value >>> 33) * 0xff51afd7ed558ccdL;
    mixed = (mixed ^ mixed >>> 33) * 0xc4ceb9fe1a85ec53L;
    return mixed ^ mixed >>> 33;
  }
}
