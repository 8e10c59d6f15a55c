package org.portbouncer.launcher.mother.staff;

import org.portbouncer.core.config.RuleMemory;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.EpochCodec;

/**
 * A configuration that workers get, in the form in which they get it; those too that start later.
 * In the mother; made on any thread.
 *
 * @param epoch as the mother needs it: without the networks of its rules
 * @param bytes as EpochCodec has it; never changed
 * @param rules the networks of its rules, in memory that acl workers share; null where there are
 *     none, or where nobody decides by them any more
 */
public record PublishedEpoch(Epoch epoch, byte[] bytes, RuleMemory rules) {

  /**
   * Makes it ready to be handed out.
   *
   * @param epoch with the networks of its rules
   * @param rules where they lie; its owner is the one returned from now on
   * @throws SystemCallException where the kernel refuses; the memory is the caller's then
   */
  public static PublishedEpoch of(Epoch epoch, RuleMemory rules) {
    boolean decides = !epoch.configuration().acls().isEmpty();
    if (decides) {
      rules.seal();
    }
    byte[] bytes = EpochCodec.encode(epoch, decides ? rules.length() : 0);
    if (!decides) {
      rules.close();
    }
    return new PublishedEpoch(epoch.withoutNetworks(), bytes, decides ? rules : null);
  }

  int number() {
    return epoch.number();
  }

  /** What is left of it when nobody decides by its rules any more. */
  PublishedEpoch withoutRules() {
    close();
    return new PublishedEpoch(epoch, bytes, null);
  }

  /** Gives back the memory of its rules. */
  public void close() {
    if (rules != null) {
      rules.close();
    }
  }
}
