package org.portbouncer.core.config;

import java.nio.ByteBuffer;

/**
 * The compact form in which the mother hands a {@link Configuration} to its workers. Encodes in the
 * mother, decodes in every worker; loads no configuration parser.
 *
 * <pre>
 * field          form
 * magic          4 bytes, "BCFG"
 * version        1 byte, 7
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
    return new ConfigEncoder().encode(configuration);
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
    return new ConfigDecoder(new CodecReader(bytes), rules == null ? null : rules.memory())
        .configuration();
  }
}
