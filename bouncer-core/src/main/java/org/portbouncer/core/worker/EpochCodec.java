package org.portbouncer.core.worker;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.ConfigCodec;
import org.portbouncer.core.config.ConfigCodecException;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.RuleMemory;
import org.portbouncer.core.shared.AclCounters;
import org.portbouncer.core.shared.ClassBoard;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.TargetBoard;

/**
 * {@link Epoch}s as they lie in the memory file that CONFIG hands over, one after the other. The
 * mother writes it, workers read it.
 *
 * <pre>
 *   number u32, length u32, length of the RuleMemory's file u64 or 0 for none, the configuration as
 *   ConfigCodec has it
 *   for each listener its place u32
 *   for each bandwidth class its place u32
 *   for each acl, for each of its rules the place u32, and one more
 *   for each group of targets, for each of its members the place u32
 *   the place u32 of listeners without acl
 * </pre>
 */
public final class EpochCodec {

  private EpochCodec() {}

  /** What stands before the configuration. */
  private static final int HEAD = 16;

  /** Opens the memory of an epoch's rules. */
  public interface Rules {
    /**
     * The next one: they come in the order of the epochs that have any.
     *
     * @param length of its file
     */
    RuleMemory open(long length) throws ConfigCodecException;
  }

  /**
   * The bytes of an epoch.
   *
   * @param lengthOfRules of the file in which the networks of its rules lie; 0 for none
   */
  public static byte[] encode(Epoch epoch, long lengthOfRules) {
    byte[] configuration = ConfigCodec.encode(epoch.configuration());
    Places places = epoch.places();
    int count = places.listeners().length + places.classes().length + 1;
    for (int[] rules : places.rules()) {
      count += rules.length;
    }
    for (int[] members : places.targets()) {
      count += members.length;
    }
    ByteBuffer bytes = ByteBuffer.allocate(HEAD + configuration.length + 4 * count);
    bytes
        .putInt(epoch.number())
        .putInt(configuration.length)
        .putLong(lengthOfRules)
        .put(configuration);
    putAll(bytes, places.listeners());
    putAll(bytes, places.classes());
    for (int[] rules : places.rules()) {
      putAll(bytes, rules);
    }
    for (int[] members : places.targets()) {
      putAll(bytes, members);
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
   * @param rules opens the memory in which the networks of rules lie; null where they are not
   *     wanted, and empty
   * @throws ConfigCodecException when it is anything but whole, consistent epochs; what was opened
   *     is closed then
   */
  public static List<Epoch> decode(ByteBuffer bytes, Rules rules) throws ConfigCodecException {
    List<Epoch> epochs = new ArrayList<>();
    try {
      do {
        epochs.add(decodeOne(bytes, rules));
      } while (bytes.hasRemaining());
      return epochs;
    } catch (ConfigCodecException | RuntimeException e) {
      epochs.forEach(Epoch::close);
      throw e;
    }
  }

  private static Epoch decodeOne(ByteBuffer bytes, Rules rules) throws ConfigCodecException {
    if (bytes.remaining() < HEAD) {
      throw new ConfigCodecException("not an encoded epoch");
    }
    int number = bytes.getInt();
    int length = bytes.getInt();
    long lengthOfRules = bytes.getLong();
    if (length < 0 || length > bytes.remaining()) {
      throw new ConfigCodecException("a configuration of " + length + " bytes is not there");
    }
    RuleMemory memory = rules == null || lengthOfRules == 0 ? null : rules.open(lengthOfRules);
    try {
      Configuration configuration =
          ConfigCodec.decode(bytes.slice(bytes.position(), length), memory);
      bytes.position(bytes.position() + length);
      return new Epoch(number, configuration, places(bytes, configuration), memory);
    } catch (ConfigCodecException | RuntimeException e) {
      if (memory != null) {
        memory.close();
      }
      throw e;
    }
  }

  private static Places places(ByteBuffer bytes, Configuration configuration)
      throws ConfigCodecException {
    int[] listeners = new int[configuration.listeners().size()];
    getAll(bytes, listeners, ListenerCounters.SLOTS);
    int[] classes = new int[configuration.bandwidth().size()];
    getAll(bytes, classes, ClassBoard.PLACES);
    int[][] rules = new int[configuration.acls().size()][];
    for (int i = 0; i < rules.length; i++) {
      rules[i] = new int[configuration.acls().get(i).rules().size() + 1];
      getAll(bytes, rules[i], AclCounters.PLACES);
    }
    int[][] targets = new int[configuration.targets().size()][];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = new int[configuration.targets().get(i).members().size()];
      getAll(bytes, targets[i], TargetBoard.PLACES);
    }
    int[] noAcl = new int[1];
    getAll(bytes, noAcl, AclCounters.PLACES);
    return new Places(listeners, classes, rules, targets, noAcl[0]);
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
