package org.portbouncer.core.worker;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.ConfigCodec;
import org.portbouncer.core.config.ConfigCodecException;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.shared.AclCounters;
import org.portbouncer.core.shared.ClassBoard;
import org.portbouncer.core.shared.ListenerCounters;

/**
 * {@link Epoch}s as they lie in the memory file that CONFIG hands over, one after the other. The
 * mother writes it, workers read it.
 *
 * <pre>
 *   number u32, length u32, the configuration as ConfigCodec has it
 *   for each listener its place u32
 *   for each bandwidth class its place u32
 *   for each acl, for each of its rules the place u32, and one more
 *   the place u32 of listeners without acl
 * </pre>
 */
public final class EpochCodec {

  private EpochCodec() {}

  /** The bytes of an epoch. */
  public static byte[] encode(Epoch epoch) {
    byte[] configuration = ConfigCodec.encode(epoch.configuration());
    Places places = epoch.places();
    int count = places.listeners().length + places.classes().length + 1;
    for (int[] rules : places.rules()) {
      count += rules.length;
    }
    ByteBuffer bytes = ByteBuffer.allocate(8 + configuration.length + 4 * count);
    bytes.putInt(epoch.number()).putInt(configuration.length).put(configuration);
    putAll(bytes, places.listeners());
    putAll(bytes, places.classes());
    for (int[] rules : places.rules()) {
      putAll(bytes, rules);
    }
    bytes.putInt(places.noAcl());
    return bytes.array();
  }

  private static void putAll(ByteBuffer bytes, int[] numbers) {
    for (int number : numbers) {
      bytes.putInt(number);
    }
  }

  /**
   * The epochs in all that remains of {@code bytes}.
   *
   * @param networks whether the networks of rules are wanted; they are empty otherwise
   * @throws ConfigCodecException when it is anything but whole, consistent epochs
   */
  public static List<Epoch> decode(ByteBuffer bytes, boolean networks) throws ConfigCodecException {
    List<Epoch> epochs = new ArrayList<>();
    do {
      epochs.add(decodeOne(bytes, networks));
    } while (bytes.hasRemaining());
    return epochs;
  }

  private static Epoch decodeOne(ByteBuffer bytes, boolean networks) throws ConfigCodecException {
    if (bytes.remaining() < 8) {
      throw new ConfigCodecException("not an encoded epoch");
    }
    int number = bytes.getInt();
    int length = bytes.getInt();
    if (length < 0 || length > bytes.remaining()) {
      throw new ConfigCodecException("a configuration of " + length + " bytes is not there");
    }
    Configuration configuration =
        ConfigCodec.decode(bytes.slice(bytes.position(), length), networks);
    bytes.position(bytes.position() + length);
    int[] listeners = new int[configuration.listeners().size()];
    getAll(bytes, listeners, ListenerCounters.SLOTS);
    int[] classes = new int[configuration.bandwidth().size()];
    getAll(bytes, classes, ClassBoard.PLACES);
    int[][] rules = new int[configuration.acls().size()][];
    for (int i = 0; i < rules.length; i++) {
      rules[i] = new int[configuration.acls().get(i).rules().size() + 1];
      getAll(bytes, rules[i], AclCounters.PLACES);
    }
    int[] noAcl = new int[1];
    getAll(bytes, noAcl, AclCounters.PLACES);
    return new Epoch(number, configuration, new Places(listeners, classes, rules, noAcl[0]));
  }

  private static void getAll(ByteBuffer bytes, int[] numbers, int below)
      throws ConfigCodecException {
    if (bytes.remaining() < 4L * numbers.length) {
      throw new ConfigCodecException("places are missing");
    }
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = bytes.getInt();
      if (numbers[i] < 0 || numbers[i] >= below) {
        throw new ConfigCodecException("there is no place " + numbers[i]);
      }
    }
  }
}
