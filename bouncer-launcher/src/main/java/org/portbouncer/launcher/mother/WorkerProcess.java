package org.portbouncer.launcher.mother;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSocketPair;
import org.newsclub.net.unix.FileDescriptorCast;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlMessage;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.WorkerStart;
import org.portbouncer.launcher.log.WorkerLog;
import org.slf4j.event.Level;

/**
 * One worker process as the mother sees it: the child, the control link to it, what it last said.
 * On the thread of the mother's loop; {@link #state} and {@link #pid} may be read from others.
 */
final class WorkerProcess extends Pollable {

  /** As `status` shows it. */
  enum State {
    STARTING("starting"),
    READY("ready"),
    DRAINING("draining"),
    THROTTLED("throttled");

    private final String text;

    State(String text) {
      this.text = text;
    }

    String text() {
      return text;
    }
  }

  /** Who is told of a worker's news. */
  interface Watcher {
    void ready(WorkerProcess worker);

    void gone(WorkerProcess worker);
  }

  private static final Level[] LEVELS = {Level.ERROR, Level.WARN, Level.INFO, Level.DEBUG};

  private final EventLoop loop;
  private final Watcher watcher;
  private final StageId stage;
  private final int index;
  private final int place;

  private Process process;
  private AFUNIXDatagramChannel channel;
  private ControlChannel control;
  private WorkerLog log;
  private long startedAt;
  private long lastPause;
  private volatile State state = State.THROTTLED;
  private volatile int pid;
  private final AtomicInteger restarts = new AtomicInteger();

  WorkerProcess(EventLoop loop, Watcher watcher, StageId stage, int index, int place) {
    this.loop = loop;
    this.watcher = watcher;
    this.stage = stage;
    this.index = index;
    this.place = place;
  }

  StageId stage() {
    return stage;
  }

  int index() {
    return index;
  }

  int place() {
    return place;
  }

  int pid() {
    return pid;
  }

  State state() {
    return state;
  }

  int restarts() {
    return restarts.get();
  }

  long startedAt() {
    return startedAt;
  }

  String name() {
    return stage.text() + "/" + index;
  }

  boolean running() {
    return process != null;
  }

  /** Remembers the pause before the next start. */
  void died(long pauseNanos) {
    lastPause = pauseNanos;
  }

  long lastPause() {
    return lastPause;
  }

  void throttled() {
    state = State.THROTTLED;
  }

  void countRestart() {
    restarts.incrementAndGet();
  }

  /** Starts the child and tells it all it needs. */
  void start(WorkerStart words, PublishedEpoch epoch) throws StartException {
    state = State.STARTING;
    try {
      AFUNIXSocketPair<AFUNIXDatagramChannel> pair = Inboxes.controlPair();
      channel = pair.getSocket1();
      ProcessBuilder builder = new ProcessBuilder(WorkerCommand.of(stage, index));
      builder.redirectInput(
          FileDescriptorCast.using(pair.getSocket2().getFileDescriptor())
              .as(ProcessBuilder.Redirect.class));
      // Standard output is the access log's, whose descriptor the worker gets with START.
      builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
      builder.redirectError(ProcessBuilder.Redirect.INHERIT);
      process = builder.start();
      // Our copy of the child's end must go, or its death would never show as an end of file.
      pair.getSocket2().setShutdownOnClose(false);
      pair.getSocket2().close();
    } catch (IOException e) {
      throw new StartException("cannot start " + name() + ": " + e.getMessage(), e);
    }
    pid = (int) process.pid();
    startedAt = System.nanoTime();
    log = new WorkerLog(stage.text(), index, pid);
    control = new ControlChannel(Inboxes.raw(channel));
    loop.add(this, control.fd(), Const.EPOLLIN);
    int errno = words.send(control);
    if (errno == 0) {
      errno = epoch.send(control);
    }
    if (errno != 0) {
      throw new StartException("cannot configure " + name() + ": " + Errno.text(errno));
    }
  }

  /** Publishes a newer configuration. */
  void configure(PublishedEpoch epoch) {
    epoch.send(control);
  }

  void kill(int record, int generation) {
    control.begin(ControlMessage.KILL).putInt(record).putInt(generation);
    control.send();
  }

  void endAll(Result result) {
    if (running()) {
      control.begin(ControlMessage.END_ALL).put((byte) result.ordinal());
      control.send();
    }
  }

  void stop() {
    if (running()) {
      state = State.DRAINING;
      control.begin(ControlMessage.STOP);
      control.send();
    }
  }

  /** Ends a child that does not go by itself. */
  void destroy() {
    if (running()) {
      process.destroyForcibly();
    }
  }

  @Override
  protected void ready(int events) {
    while (registered()) {
      int length = control.receive();
      if (length == -Errno.EAGAIN || length == -Errno.EINTR) {
        return;
      }
      if (length <= 0) {
        closed();
        return;
      }
      handle();
    }
  }

  private void handle() {
    ByteBuffer body = control.body();
    switch (control.type()) {
      case READY -> {
        state = State.READY;
        watcher.ready(this);
      }
      case EPOCH -> {}
      case LOG -> {
        Level level = LEVELS[Math.floorMod(body.get(), LEVELS.length)];
        byte[] text = new byte[body.remaining()];
        body.get(text);
        log.log(level, new String(text, StandardCharsets.UTF_8));
      }
      case null, default -> {
        log.log(Level.ERROR, "said what no worker says; it is replaced");
        destroy();
      }
    }
  }

  /** The link has ended: so has the worker, or it is of no use. */
  private void closed() {
    loop.remove(this, control.fd());
    try {
      channel.close();
    } catch (IOException e) {
      log.log(Level.WARN, "its control link did not close: " + e.getMessage());
    }
    process.destroyForcibly();
    watcher.gone(this);
  }

  /**
   * Waits for the end of a child whose link has ended.
   *
   * @return how it ended, for the log
   */
  String reap() {
    Process ended = process;
    process = null;
    try {
      int code = ended.waitFor();
      return code > 128 ? "killed by signal " + (code - 128) : "exit code " + code;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "unknown";
    }
  }

  /** The configuration in force, as workers get it. */
  record PublishedEpoch(Epoch epoch, int fd, int length) {

    int send(ControlChannel control) {
      ByteBuffer packet = control.begin(ControlMessage.CONFIG);
      packet.putInt(epoch.number());
      put(packet, epoch.slots());
      put(packet, epoch.classes());
      packet.putInt(length);
      control.attach(fd);
      return control.send();
    }

    private static void put(ByteBuffer packet, int[] places) {
      packet.putShort((short) places.length);
      for (int place : places) {
        packet.putShort((short) place);
      }
    }
  }
}
