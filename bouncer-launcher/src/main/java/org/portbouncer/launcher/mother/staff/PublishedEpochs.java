package org.portbouncer.launcher.mother.staff;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.EpochCodec;

/**
 * The configurations that are kept, in the form that workers get them in. In the mother, on her
 * loop's thread.
 */
public final class PublishedEpochs {

  /** How many configurations sessions can be set up under at once. */
  private static final int MOST_RULES = 200;

  /** Oldest first; the last may not be in force yet. */
  private final List<PublishedEpoch> all = new ArrayList<>();

  private int oldestInSetUp = 1;

  /**
   * The first that is this server's own: what a server before has begun to set up is none of it.
   */
  private int firstOwn;

  /** Adds the newest, which workers that start from now on get too. */
  public void add(PublishedEpoch newest) {
    all.add(newest);
  }

  /** Adds those under which sessions of the server before this one began. */
  public void inherit(List<Epoch> epochs) {
    for (Epoch epoch : epochs) {
      all.add(new PublishedEpoch(epoch, EpochCodec.encode(epoch, 0), null));
      firstOwn = epoch.number() + 1;
    }
  }

  /** The bytes of all, oldest first, as EpochCodec has them. */
  public byte[] toInherit() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    all.forEach(one -> bytes.writeBytes(one.bytes()));
    return bytes.toByteArray();
  }

  /** Takes one back that was never put in force. */
  public void withdraw(PublishedEpoch failed) {
    all.remove(failed);
    failed.close();
  }

  /** Whether the rules of one more can be kept: what a worker that starts gets fits one message. */
  public boolean hasRoom() {
    return all.stream().filter(one -> one.rules() != null).count() < MOST_RULES;
  }

  /** What a worker of this stage that starts now has to know. */
  EpochFile forStage(StageId stage) {
    int oldest = stage.forwards() ? 0 : Math.max(oldestInSetUp, firstOwn);
    return new EpochFile(all.stream().filter(one -> one.number() >= oldest).toList(), stage);
  }

  /** The numbers of all. */
  public IntStream numbers() {
    return all.stream().mapToInt(PublishedEpoch::number);
  }

  public int count() {
    return all.size();
  }

  /** The number of the oldest. */
  public int oldest() {
    return all.getFirst().number();
  }

  /**
   * Forgets those that nothing refers to, and the rules of those under which nothing is set up.
   *
   * @param setUpFrom the oldest that a session is being set up under
   */
  public void retain(BitSet inUse, int setUpFrom, int inForce) {
    oldestInSetUp = setUpFrom;
    for (int i = all.size() - 1; i >= 0; i--) {
      PublishedEpoch one = all.get(i);
      if (one.number() >= inForce) {
        continue;
      }
      if (!inUse.get(one.number())) {
        all.remove(i).close();
      } else if (one.number() < setUpFrom && one.rules() != null) {
        all.set(i, one.withoutRules());
      }
    }
  }
}
