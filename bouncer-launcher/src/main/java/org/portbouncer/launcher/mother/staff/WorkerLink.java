package org.portbouncer.launcher.mother.staff;

import java.util.Deque;
import java.util.List;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.Orders;
import org.portbouncer.core.control.ReportReader;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.worker.ServerLog;
import org.portbouncer.core.worker.WorkerStart;
import org.portbouncer.launcher.log.WorkerLog;
import org.portbouncer.launcher.mother.rescue.Inboxes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The mother's end of the control link to a worker's process: what she tells it, and what it says.
 * It ends before its process is known to have ended, and the number of the descriptor may be a
 * client's by then; what is told after that is told nobody. On the thread of her loop.
 */
final class WorkerLink extends Pollable {

  /** The process at the other end. */
  interface Owner extends ReportReader.Handler {
    /** It is of no use any more, or another mind than the others: it is to end. */
    void destroy();
  }

  private static final Logger LOG = LoggerFactory.getLogger(WorkerLink.class);

  /** What can wait in the link of a process that has ended, and more. */
  private static final int LAST_WORDS = 4096;

  private final EventLoop loop;
  private final String name;

  /** Links of processes that have ended: their memory is used again. */
  private final Deque<ControlChannel> spare;

  private final LinkPace pace;
  private ControlChannel control;
  private Orders orders;
  private ReportReader reports;
  private WorkerLog log;
  private Owner owner;

  /** Whether it has said anything. */
  private boolean spoke;

  WorkerLink(EventLoop loop, String name, Deque<ControlChannel> spare) {
    this.loop = loop;
    this.name = name;
    this.spare = spare;
    this.pace = new LinkPace(loop, this, () -> control.fd());
  }

  /** Takes over the link to a process that has just been started. */
  void open(int fd, WorkerLog ofProcess, Owner process) {
    control = spare.isEmpty() ? new ControlChannel(fd) : spare.pop();
    control.use(fd);
    orders = new Orders(control);
    reports = new ReportReader(control, process);
    log = ofProcess;
    owner = process;
    spoke = false;
  }

  /**
   * Hears what it says from now on.
   *
   * @throws org.portbouncer.core.sys.SystemCallException where the loop takes no more
   */
  void listen() {
    loop.add(this, control.fd(), Const.EPOLLIN);
  }

  /** Gives up a link whose process is not to be. */
  void abandon() {
    loop.remove(this, control.fd());
    Libc.close(control.fd());
    release();
  }

  /** Its process has ended: what it said last comes first. */
  void end() {
    hear(LAST_WORDS);
    if (registered()) {
      close();
    }
  }

  /** Its memory may be used again. */
  void release() {
    spare.push(control);
  }

  /** Whether the process has said anything. */
  boolean spoke() {
    return spoke;
  }

  // What it says.

  @Override
  protected void ready(int events) {
    pace.taken(hear(LinkPace.PER_TURN));
  }

  /** Returns how many packets there were, of so many at most. */
  private int hear(int atMost) {
    for (int i = 0; i < atMost && registered(); i++) {
      int length = control.receiveBare();
      if (length == -Errno.EAGAIN || length == -Errno.EINTR) {
        return i;
      }
      if (length <= 0) {
        close();
        return i;
      }
      spoke = true;
      try {
        reports.read();
      } catch (ControlException e) {
        log.log(Level.ERROR, "said what no worker says: " + e.getMessage() + "; it is replaced");
        close();
      } catch (RuntimeException e) {
        LOG.error("internal error at what {} said; it is replaced", name, e);
        close();
      }
    }
    return atMost;
  }

  /** The link has ended: so has the worker, or it is of no use. */
  private void close() {
    pace.end();
    loop.remove(this, control.fd());
    Libc.close(control.fd());
    owner.destroy();
  }

  // What it is told before it is heard: each returns 0 or an errno.

  /**
   * @param asked whether it has been asked to SYNC as a spare
   */
  int start(WorkerStart words, boolean asked) {
    int errno = words.send(control);
    if (asked) {
      reports.askedSync(0);
    }
    return errno;
  }

  int confine(byte[] filter) {
    return orders.confine(filter);
  }

  int keep(byte[] filter, int socket) {
    reports.askedKeep();
    return orders.keep(filter, socket);
  }

  int publish(EpochFile epochs) {
    reports.askedEpoch(epochs.newest());
    return epochs.send(orders);
  }

  // What it is told later.

  /** Publishes a newer configuration. */
  void configure(EpochFile epoch) {
    if (registered()) {
      told(publish(epoch));
    }
  }

  /** Has it forget a configuration that was published and will not come into force. */
  void withdraw(int epoch) {
    if (registered()) {
      told(orders.withdraw(epoch));
    }
  }

  /** Tells it which configurations it may forget. */
  void retire(int oldest, int[] inUse) {
    if (registered()) {
      told(orders.retire(oldest, inUse));
    }
  }

  /** Tells it its next inboxes. */
  void lanes(int version, List<Inboxes.Inbox> inboxes) {
    if (registered()) {
      reports.askedLanes(version);
      told(
          orders.lanes(
              version,
              inboxes.stream().mapToInt(Inboxes.Inbox::id).toArray(),
              inboxes.stream().mapToInt(Inboxes.Inbox::writing).toArray()));
    }
  }

  /** Has it end when it has nothing left to do. */
  void drain() {
    told(orders.drain());
  }

  /** Has it end, so that others go on with its sessions. */
  void move() {
    told(orders.move());
  }

  /** Has it end the sessions that are marked as unwanted. */
  void endUnwanted() {
    if (registered()) {
      told(orders.look());
    }
  }

  /** Says that bandwidth classes have changed. */
  void classesChanged() {
    if (registered()) {
      told(orders.classes());
    }
  }

  void endAll(Result result) {
    if (registered()) {
      told(orders.endAll(result.code()));
    }
  }

  /** Has it write its access log lines to {@code fd} from now on; -1 for nowhere. */
  void accessLog(int fd, LogForm form) {
    if (registered()) {
      told(orders.accessLog(form.code(), fd));
    }
  }

  /** Has it say nothing that matters less. */
  void level(ServerLog.Level level) {
    if (registered()) {
      told(orders.level(level.code()));
    }
  }

  /**
   * Has it go on by itself with what it holds: the mother ends.
   *
   * @param limitMs for so long; 0 for ever
   * @return the mother's end of the link, which another may take over; -1 where there is none
   */
  int orphan(int limitMs) {
    if (registered()) {
      told(orders.left(limitMs));
    }
    return registered() ? control.fd() : -1;
  }

  /** Asks it to say when all that it has received by now is dealt with. */
  void sync(int token) {
    if (orders.sync(token) == 0) {
      reports.askedSync(token);
    }
  }

  /** Has it end. */
  void stop() {
    told(orders.stop());
  }

  /**
   * A worker that has stopped reading what it is told cannot be left as it is: it would be of
   * another mind than the others. One that has gone shows by itself.
   */
  private void told(int errno) {
    if (errno == Errno.EAGAIN) {
      log.log(Level.ERROR, "does not read what it is told; it is replaced");
      owner.destroy();
    }
  }
}
