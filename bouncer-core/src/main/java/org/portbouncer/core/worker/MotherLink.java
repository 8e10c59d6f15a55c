package org.portbouncer.core.worker;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.portbouncer.core.config.ChainSecrets;
import org.portbouncer.core.config.ConfigCodecException;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.OrderReader;
import org.portbouncer.core.control.Reports;
import org.portbouncer.core.hop.SealedHeaders;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Seccomp;
import org.portbouncer.core.sys.SystemCallException;

/**
 * A worker's end of the control link: does what the mother says, in the order in which she says it.
 */
final class MotherLink extends Pollable implements OrderReader.Handler, EpochReader.Outcome {

  private final Worker worker;
  private final Duties duties;
  private final ControlChannel control;
  private final EpochReader epochs;
  private final OrderReader orders;
  private final boolean filterNeeded;
  private boolean serving;

  /** What system calls may be made, until it is put on; null for all. */
  private byte[] filter;

  /** What the keeper reads, and which calls it may make; -1 where there is to be none. */
  private int keeperReads = -1;

  private byte[] keeperFilter;

  /**
   * @param filterNeeded whether a filter that there is to be must be put on: without it this
   *     process could do more than others of its stage
   */
  MotherLink(
      Worker worker,
      Duties duties,
      ControlChannel control,
      EpochReader epochs,
      boolean filterNeeded) {
    this.filterNeeded = filterNeeded;
    this.worker = worker;
    this.duties = duties;
    this.control = control;
    this.epochs = epochs;
    this.orders = new OrderReader(control, this);
  }

  void attach() {
    worker.loop().add(this, control.fd(), Const.EPOLLIN);
  }

  @Override
  protected void ready(int events) {
    while (registered()) {
      int length = control.receive();
      if (length == -Errno.EAGAIN || length == -Errno.EINTR) {
        return;
      }
      if (length <= 0) {
        worker.loop().remove(this, control.fd());
        duties.motherLost();
        return;
      }
      try {
        orders.read();
      } catch (ControlException e) {
        throw new IllegalStateException("the mother said what none says: " + e.getMessage(), e);
      }
    }
  }

  @Override
  public void confine(byte[] program) {
    filter = program;
  }

  @Override
  public void keep(byte[] program, int fd) {
    keeperFilter = program;
    keeperReads = fd;
  }

  @Override
  public void config(int fd, int length, int newest, int[] rules) {
    EpochReader.Handed handed = new EpochReader.Handed(newest, length, fd, rules);
    if (serving) {
      epochs.readBeside(handed, this);
      return;
    }
    taken(epochs.read(handed));
    serving = true;
    startKeeper();
    putFilterOn();
    duties.start();
    int errno = Reports.ready(control, duties.build());
    if (errno == Errno.EAGAIN) {
      // Without this she would wait for it for ever.
      throw new SystemCallException("sendmsg", errno);
    }
    check(errno);
  }

  /** Before a filter is put on that knows of no processes. */
  private void startKeeper() {
    if (keeperReads >= 0) {
      check(Reports.kept(control, KeeperStart.start(keeperFilter, keeperReads)));
    }
  }

  /** By now the VM has started, and no client's byte has come. */
  private void putFilterOn() {
    int errno = filter == null ? 0 : SealedHeaders.make();
    if (errno == 0 && filter != null) {
      errno = Seccomp.confine(filter);
    }
    if (errno != 0 && filterNeeded) {
      throw new SystemCallException("seccomp", errno);
    }
    if (errno != 0) {
      worker.log().warn(worker.loop().now(), "no system call filter: " + Errno.text(errno));
    }
    filter = null;
  }

  @Override
  public void taken(List<NewEpoch> come) {
    duties.configure(come);
    check(Reports.epoch(control, come.getLast().epoch().number()));
  }

  @Override
  public void refused(int number, String why) {
    check(Reports.refused(control, number, why.getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public void secrets(int epoch, byte[] secrets) throws ControlException {
    if (!duties.stageId().toldSecrets()) {
      throw new ControlException("SECRETS to a worker that may not have them");
    }
    try {
      duties.secrets(epoch, ChainSecrets.decode(secrets));
    } catch (ConfigCodecException e) {
      throw new ControlException(e.getMessage());
    }
  }

  @Override
  public void withdraw(int number) {
    epochs.withdraw(number);
    duties.withdraw(number);
  }

  @Override
  public void retire(int oldest, int[] inUse) {
    duties.retire(oldest, inUse);
  }

  @Override
  public void look() {
    duties.endUnwanted();
  }

  @Override
  public void endAll(int code) throws ControlException {
    duties.endAll(known(Result.withCode(code)));
  }

  @Override
  public void accessLog(int form, int fd) throws ControlException {
    duties.accessLog(fd, known(LogForm.of(form)));
  }

  @Override
  public void level(int code) throws ControlException {
    worker.log().least(known(ServerLog.Level.withCode(code)));
  }

  private static <T> T known(T value) throws ControlException {
    if (value == null) {
      throw new ControlException("a value that means nothing");
    }
    return value;
  }

  @Override
  public void classes() {
    duties.classesChanged();
  }

  @Override
  public void stop() {
    duties.stop();
  }

  @Override
  public void left(int limitMs) {
    duties.left(limitMs);
  }

  @Override
  public void move() {
    duties.move();
  }

  @Override
  public void drain() {
    duties.drain();
  }

  /** Between two turns nothing is half received or half sent, so the answer is always: now. */
  @Override
  public void sync(int token) {
    check(Reports.synced(control, token));
  }

  @Override
  public void lanes(int version, int[] ids, int[] inboxes) throws ControlException {
    if (!duties.stageId().choosesInbox()) {
      throw new ControlException("LANES to a worker that has none");
    }
    duties.lead(version, ids, inboxes);
  }

  /** A mark of the mother's came through the inbox. */
  void mark(int token) {
    check(Reports.mark(control, token));
  }

  /** What was sent to inboxes that go is in them, and they are closed. */
  void settled(int version) {
    check(Reports.lanes(control, version));
  }

  /** A mother who does not read asks again; one that has gone shows by herself. */
  private static void check(int errno) {
    if (errno != 0 && errno != Errno.EPIPE && errno != Errno.ECONNRESET && errno != Errno.EAGAIN) {
      throw new SystemCallException("sendmsg", errno);
    }
  }
}
