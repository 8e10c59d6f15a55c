package org.portbouncer.core.shared;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.BandwidthClass.SharedBy;

/** Tests of what sessions that share one bucket get, each looked after every millisecond. */
abstract class ReadersCase extends ThrottleCase {

  final List<Reader> readers = new ArrayList<>();

  /** Bytes per second. */
  long rate;

  /** What might have passed by now, at most. */
  double allowed;

  /** A session. */
  final class Reader {
    final int record = records.allocate();
    Throttle throttle;

    /** What it got, and what its source has said. */
    long bytes;

    long there;

    /** So far its worker's look at the clock is behind. */
    long behind;

    Reader() {
      workers[0].acquire(record, PLACE, SharedBy.ALL, 0, 0, now, PID);
      open(workers[readers.size() % 2]);
      readers.add(this);
    }

    private void open(BucketTable worker) {
      throttle = new Throttle(worker, Way.UP);
      throttle.open(record, PLACE);
    }

    void turn() {
      boolean more = false;
      for (int takes = 0; takes < 64 && !more; takes++) {
        long taken = throttle.take(now - behind);
        more = taken == Throttle.AFTER_OTHERS;
        if (taken == 0 && !throttle.waiting() && there > 0) {
          throttle.await(now - behind);
        }
        long read = Math.min(taken, there);
        if (read <= 0) {
          break;
        }
        bytes += read;
        there -= read;
        throttle.read(read);
      }
      throttle.endTurn(more);
    }

    /** Its worker has died, and another goes on with it. */
    void goOnElsewhere() {
      workers[0].giveBack(record);
      open(workers[1]);
    }

    /** Its worker has died, and it with it. */
    void dieWithItsWorker() {
      workers[0].release(record, PID);
      sessions.free(record);
      readers.remove(this);
    }
  }

  void rate(long bytesPerSecond) {
    rate = bytesPerSecond;
    classes.set(PLACE, bytesPerSecond, 0, 0, now);
  }

  /** All of them have more than they can send. */
  void play(long ms) {
    for (long end = now + ms * MS; now < end; now += MS) {
      turnAll();
      allowed += rate / 1000.0;
    }
  }

  void turnAll() {
    for (Reader reader : readers) {
      reader.there = Long.MAX_VALUE;
      reader.turn();
    }
  }

  long total() {
    return readers.stream().mapToLong(reader -> reader.bytes).sum();
  }

  void begin(int count) {
    for (int i = 0; i < count; i++) {
      new Reader();
    }
    play(500);
    forget();
  }

  /** Counts from now on. */
  void forget() {
    readers.forEach(reader -> reader.bytes = 0);
    allowed = 0;
  }
}
