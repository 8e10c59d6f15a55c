package org.portbouncer.core.config;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The secrets of all chains of a configuration, on their way from the mother to the connect workers
 * and in these.
 *
 * <pre>
 * of each hop that has any: chain u16, hop u8 from 0, length of the password u16, of the headers u16, both
 * </pre>
 */
public final class ChainSecrets {

  /** What one message to a worker has room for, beside its own fields. */
  public static final int MOST_BYTES = 15 * 1024;

  /** Where no chain has any. */
  public static final ChainSecrets NONE = new ChainSecrets(Map.of());

  private static final int HEAD = 7;

  private final Map<Integer, HopSecrets> byHop;

  private ChainSecrets(Map<Integer, HopSecrets> byHop) {
    this.byHop = byHop;
  }

  /** Those of these chains; empty where they have none. */
  public static byte[] encode(List<Chain> chains) {
    ByteBuffer out = ByteBuffer.allocate(length(chains));
    for (int chain = 0; chain < chains.size(); chain++) {
      List<Chain.Hop> hops = chains.get(chain).hops();
      for (int hop = 0; hop < hops.size(); hop++) {
        HopSecrets secrets = hops.get(hop).secrets();
        if (!secrets.isEmpty()) {
          byte[] password = secrets.password();
          byte[] headers = secrets.headers();
          out.putShort((short) chain).put((byte) hop);
          out.putShort((short) password.length).putShort((short) headers.length);
          out.put(password).put(headers);
        }
      }
    }
    return out.array();
  }

  /** How many bytes they are. */
  public static int length(List<Chain> chains) {
    return chains.stream()
        .flatMap(chain -> chain.hops().stream())
        .mapToInt(hop -> hop.secrets().isEmpty() ? 0 : HEAD + hop.secrets().length())
        .sum();
  }

  /**
   * What was encoded.
   *
   * @throws ConfigCodecException where it was not
   */
  public static ChainSecrets decode(byte[] bytes) throws ConfigCodecException {
    Map<Integer, HopSecrets> byHop = new HashMap<>();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      while (in.hasRemaining()) {
        int key = key(in.getShort() & 0xffff, in.get() & 0xff);
        byte[] password = new byte[in.getShort() & 0xffff];
        byte[] headers = new byte[in.getShort() & 0xffff];
        in.get(password).get(headers);
        byHop.put(key, new HopSecrets(password, headers));
      }
    } catch (BufferUnderflowException e) {
      throw new ConfigCodecException("secrets that end too early", e);
    }
    return new ChainSecrets(byHop);
  }

  private static int key(int chain, int hop) {
    return chain << 8 | hop;
  }

  /** Those of a hop, from 0, of the chain with this index. */
  public HopSecrets of(int chain, int hop) {
    return byHop.getOrDefault(key(chain, hop), HopSecrets.NONE);
  }
}
