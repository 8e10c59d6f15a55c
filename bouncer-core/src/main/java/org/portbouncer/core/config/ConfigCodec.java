package org.portbouncer.core.config;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The compact form in which the mother hands a {@link Configuration} to its workers. Encodes in the
 * mother, decodes in every worker; loads no configuration parser. What follows what, and what may
 * be in it, each record says once for both ({@link ConfigWire}).
 *
 * <pre>
 * field          form
 * magic          4 bytes, "BCFG"
 * version        1 byte
 * configuration  its components in the order of the record
 *
 * integers       big-endian, 4 or 8 bytes; booleans 1 byte; enum constants are texts
 * texts          4 bytes length, then UTF-8
 * lists          4 bytes count, then the elements
 * may be null    1 byte 0 or 1, then the value where it is 1
 * network sets   where they begin in the RuleMemory, 8 bytes, and how many ranges, 4; for IPv4 and IPv6
 * indexes        RuleIndex.Parts in the order of the record: places in the RuleMemory, and counts
 * </pre>
 */
public final class ConfigCodec {

  static final int MAGIC = 0x42434647;
  static final byte VERSION = 9;

  private ConfigCodec() {}

  /**
   * What tells this form of the bytes from others, for processes of two versions of the program.
   */
  public static int form() {
    return MAGIC + VERSION;
  }

  /** The bytes of a configuration. */
  public static byte[] encode(Configuration configuration) {
    CodecWriter out = new CodecWriter();
    out.number(MAGIC);
    out.octet(VERSION);
    try {
      Configuration.pass(out, configuration);
    } catch (ConfigCodecException e) {
      throw new IllegalStateException(e);
    }
    return out.bytes();
  }

  /**
   * The configuration in all that remains of {@code bytes}, whose position is left as it is,
   * without the networks of its rules.
   *
   * @throws ConfigCodecException when it is anything but one whole, consistent configuration
   */
  public static Configuration decode(ByteBuffer bytes) throws ConfigCodecException {
    return decode(bytes, null);
  }

  /**
   * The same for those who decide: with the networks of rules, which are empty otherwise.
   *
   * @param rules where they lie; null for none
   */
  public static Configuration decode(ByteBuffer bytes, RuleMemory rules)
      throws ConfigCodecException {
    CodecReader in = new CodecReader(bytes, rules == null ? null : rules.memory());
    if (in.integer() != MAGIC) {
      throw new ConfigCodecException("not an encoded configuration");
    }
    int version = in.octet();
    if (version != VERSION) {
      throw new ConfigCodecException(
          "a configuration of version " + version + "; this is version " + VERSION);
    }
    Configuration configuration = Configuration.pass(in, Configuration.BLANK);
    in.end();
    requireReferences(configuration);
    return configuration;
  }

  /** Nobody who uses the configuration need check its indexes again. */
  private static void requireReferences(Configuration configuration) throws ConfigCodecException {
    int acls = configuration.acls().size();
    int classes = configuration.bandwidth().size();
    boolean ok = true;
    for (Listener listener : configuration.listeners()) {
      ok &= listener.acl() < acls && listener.bandwidth() < classes;
      ok &= listener.group() < configuration.targets().size();
      ok &= listener.group() >= 0 == (listener.target().kind() == Endpoint.Kind.GROUP);
    }
    for (Listener listener : configuration.listeners()) {
      ok &= isOfOneKind(listener, configuration.targets());
      ok &= listener.via() < configuration.chains().size();
    }
    for (Chain chain : configuration.chains()) {
      ok &= !chain.hops().isEmpty();
    }
    for (TargetGroup group : configuration.targets()) {
      ok &= !group.members().isEmpty();
    }
    for (Acl acl : configuration.acls()) {
      for (Rule rule : acl.rules()) {
        ok &= rule.bandwidth() < classes && rule.via() < configuration.chains().size();
      }
    }
    for (Listener listener : configuration.listeners()) {
      ok =
          ok
              && (listener.target().isTcp()
                  || configuration.vias(listener).stream().allMatch(via -> via < 0));
    }
    if (!ok) {
      throw new ConfigCodecException(
          "a reference to an acl, class, group or chain that is not there");
    }
  }

  /** Whether its clients and its targets all connect, or all send datagrams. */
  private static boolean isOfOneKind(Listener listener, List<TargetGroup> groups) {
    boolean udp = listener.udp();
    int group = listener.group();
    return listener.listen().stream().allMatch(one -> one.udp() == udp)
        && listener.target().udp() == udp
        && (group < 0
            || group < groups.size()
                && groups.get(group).members().stream().allMatch(m -> m.address().udp() == udp));
  }
}
