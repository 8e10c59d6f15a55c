package org.portbouncer.core.worker;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.function.Consumer;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.OrphanLink;
import org.portbouncer.core.control.Staying;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.ProcessState;

/**
 * Gives the sessions of a worker whose mother has gone to another server, one after another. Each
 * stands still from when it is told until it is answered, some at once; where no answer comes, or
 * the link ends, those that were not taken go on here. On the thread of the worker's loop.
 */
final class OrphanTalk extends Pollable {

  /** So many stand still at once. */
  private static final int MOST_TOLD = 32;

  /** For the other end to answer, or to take what is told. */
  private static final long PATIENCE_NANOS = 2_000_000_000;

  private static final int PER_TURN = 2 * MOST_TOLD;

  private final Worker worker;
  private final Stage stage;
  private final Arrivals arrivals;
  private final Held held;
  private final Consumer<Session> departed;
  private final Runnable ended;
  private final OrphanLink link = new OrphanLink(-1);
  private final OrphanAccount account;

  /** Those that were held when it began, and of each which session its record is of. */
  private int[] records = {};

  private int[] generations = {};
  private int next;

  /** Told, and not answered; their numbers follow each other, and so do the answers. */
  private final Deque<Session> told = new ArrayDeque<>();

  private int answered;
  private final int[] stay = new int[Staying.values().length];

  /** The link has no room: the account goes on when it has. */
  private boolean blocked;

  private boolean done;

  private final Timer patience =
      new Timer() {
        @Override
        protected void expired(long now) {
          end();
        }
      };

  /**
   * @param departed told of a session that another server goes on with, and nobody here
   * @param ended told when the link has ended
   */
  OrphanTalk(
      Worker worker,
      Stage stage,
      Arrivals arrivals,
      Held held,
      Consumer<Session> departed,
      Runnable ended) {
    this.worker = worker;
    this.stage = stage;
    this.arrivals = arrivals;
    this.held = held;
    this.departed = departed;
    this.ended = ended;
    this.account = new OrphanAccount(worker);
  }

  /** Begins, over a link that is this worker's from here on. */
  void begin(int fd) {
    link.use(fd);
    Session[] all = held.all();
    records = new int[all.length];
    generations = new int[all.length];
    for (int i = 0; i < all.length; i++) {
      records[i] = all[i].state().record();
      generations[i] = all[i].state().generation();
    }
    next = 0;
    answered = 0;
    done = false;
    blocked = false;
    Arrays.fill(stay, 0);
    int workers = worker.area().workers().alive(stage.id(), ProcessState::isDead);
    if (worker.loop().tryAdd(this, fd, Const.EPOLLIN) != 0
        || link.hello(worker.pid(), workers) != 0) {
      end();
      return;
    }
    waitAgain();
    tell();
  }

  private void waitAgain() {
    worker.loop().timers().set(patience, worker.loop().now() + PATIENCE_NANOS);
  }

  @Override
  protected void ready(int events) {
    try {
      if (hear()) {
        waitAgain();
      }
    } catch (ControlException e) {
      end();
      return;
    }
    if (blocked && (events & Const.EPOLLOUT) != 0) {
      blocked = false;
      worker.loop().change(this, link.fd(), Const.EPOLLIN);
    }
    tell();
  }

  /** Takes the answers that have come; whether there were any. */
  private boolean hear() throws ControlException {
    for (int i = 0; i < PER_TURN; i++) {
      OrphanLink.Word word = link.next(true);
      if (word == null) {
        return i > 0;
      }
      int number = link.readNumber();
      if (told.isEmpty() || number != answered + 1) {
        throw new ControlException(word + " of a session that was not told");
      }
      answered++;
      Session session = told.remove();
      if (word == OrphanLink.Word.TOOK) {
        stage.depart(session);
        departed.accept(session);
      } else {
        arrivals.stays(session);
      }
    }
    return true;
  }

  private void tell() {
    while (!blocked && registered() && !done) {
      int errno = account.isOpen() ? account.send(link) : another();
      if (errno == Errno.EAGAIN) {
        blocked = true;
        worker.loop().change(this, link.fd(), Const.EPOLLIN | Const.EPOLLOUT);
      } else if (errno != 0) {
        end();
      } else if (!account.isOpen() && (told.size() == MOST_TOLD || next == records.length)) {
        return;
      }
    }
  }

  /** Begins with the next session, or says that there is none. */
  private int another() {
    while (told.size() < MOST_TOLD && next < records.length) {
      int at = next++;
      Session session = held.get(records[at]);
      if (session == null || session.state().generation() != generations[at]) {
        continue; // it has ended
      }
      Staying why = stage.pause(session);
      if (why != null) {
        stay[why.ordinal()]++;
        continue;
      }
      told.add(session);
      if (account.open(session, answered + told.size())) {
        return 0;
      }
      // Nobody has heard of it yet.
      told.removeLast();
      arrivals.stays(session);
      stay[Staying.ENDING.ordinal()]++;
    }
    if (told.isEmpty() && next == records.length) {
      done = true;
      worker.loop().timers().clear(patience);
      return link.done(stay);
    }
    return 0;
  }

  /**
   * Ends the link. From when its receiving side is closed no answer comes any more; those that came
   * before count.
   */
  private void end() {
    worker.loop().timers().clear(patience);
    worker.loop().remove(this, link.fd());
    Libc.shutdown(link.fd(), Const.SHUT_RD);
    try {
      while (hear()) {
        // all that is there
      }
    } catch (ControlException e) {
      // The end of what is there.
    }
    Libc.close(link.fd());
    account.close();
    while (!told.isEmpty()) {
      arrivals.stays(told.remove());
    }
    ended.run();
  }
}
