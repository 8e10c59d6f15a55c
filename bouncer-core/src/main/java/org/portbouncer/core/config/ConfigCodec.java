package org.portbouncer.core.config;

import java.nio.ByteBuffer;

/**
 * The compact form in which the mother hands a {@link Configuration} to its workers. Encodes in the
 * mother, decodes in every worker; loads no configuration parser.
 *
 * <pre>
 * field          form
 * magic          4 bytes, "BCFG"
 * version        1 byte, 1
 * configuration  its components in the order of the record
 *
 * integers       big-endian, 4 or 8 bytes; booleans 1 byte; enum constants are texts
 * texts          4 bytes length, then UTF-8
 * lists          4 bytes count, then the elements
 * may be null    1 byte 0 or 1, then the value where it is 1
 * network sets   4 bytes count of longs, then these, for IPv4; likewise for IPv6
 * </pre>
 */
public final class ConfigCodec {

  static final int MAGIC = 0x42434647;
  static final byte VERSION = 1;

  private ConfigCodec() {}

  /** The bytes of a configuration. */
  public static byte[] encode(Configuration configuration) {
    return new ConfigEncoder().encode(configuration);
  }

  /**
   * The configuration in all that remains of {@code bytes}, whose position is left as it is.
   *
   * @throws ConfigCodecException when it is anything but one whole, consistent configuration
   */
  public static Configuration decode(ByteBuffer bytes) throws ConfigCodecException {
    return decode(bytes, true);
  }

  /**
   * The same without what only decisions need.
   *
   * @param networks whether the networks of rules are wanted; they are empty otherwise
   */
  public static Configuration decode(ByteBuffer bytes, boolean networks)
      throws ConfigCodecException {
    return new ConfigDecoder(new CodecReader(bytes), networks).configuration();
  }
}
