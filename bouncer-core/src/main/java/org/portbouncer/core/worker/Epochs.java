package org.portbouncer.core.worker;

import java.util.Arrays;
import java.util.function.IntPredicate;
import org.portbouncer.core.shared.SessionTable;

/**
 * The configurations that live sessions refer to, newest last. In every process, changed on the
 * thread of its loop; the mother's admin threads read it too.
 */
public final class Epochs {

  private volatile Epoch[] known = new Epoch[0];

  /** Adds the newest. */
  public void add(Epoch epoch) {
    Epoch[] all = known;
    Epoch[] more = Arrays.copyOf(all, all.length + 1);
    more[all.length] = epoch;
    known = more;
  }

  /** The one with this number, or null where it is not known here. */
  public Epoch get(int number) {
    Epoch[] all = known;
    for (int i = all.length - 1; i >= 0; i--) {
      if (all[i].number() == number) {
        return all[i];
      }
    }
    return null;
  }

  /**
   * Where the bandwidth class of a session stands on the ClassBoard; -1 where it has none. A record
   * that is freed meanwhile may give numbers of two sessions: they are looked at before use.
   */
  public int classPlace(SessionTable table, int record) {
    int index = table.bandwidth(record);
    if (index < 0) {
      return -1;
    }
    Epoch epoch = get(table.epoch(record));
    return epoch == null || index >= epoch.classes().length ? -1 : epoch.classes()[index];
  }

  /** Forgets the others, and gives back the memory of their rules. */
  public void retain(IntPredicate wanted) {
    Epoch[] all = known;
    known = Arrays.stream(all).filter(epoch -> wanted.test(epoch.number())).toArray(Epoch[]::new);
    for (Epoch epoch : all) {
      if (!wanted.test(epoch.number())) {
        epoch.close();
      }
    }
  }

  public Epoch newest() {
    Epoch[] all = known;
    return all[all.length - 1];
  }
}
