package org.portbouncer.core.control;

/**
 * Reads what one worker says, from its start to its end. A packet that is not exactly what {@link
 * Report} says, in length, descriptors or turn, is refused: who said it is no worker of ours any
 * more. In the mother, on her loop's thread.
 */
public final class ReportReader {

  /** Who is told; each may refuse what its own books say cannot be. */
  public interface Handler {
    /**
     * It can become a worker of any stage.
     *
     * @param build of the process
     */
    void waiting(int build) throws ControlException;

    /**
     * @param build of the worker
     */
    void readyAs(int build) throws ControlException;

    /**
     * @param pid of what it says is its keeper, or the negated errno
     */
    void kept(int pid) throws ControlException;

    void epoch(int number) throws ControlException;

    /**
     * @param why UTF-8, as it came
     */
    void refused(int number, byte[] why) throws ControlException;

    void lanes(int version) throws ControlException;

    void synced(int token) throws ControlException;

    void mark(int token) throws ControlException;

    /**
     * @param level 1 to {@link #LEVELS}
     * @param text UTF-8, as it came
     */
    void log(int level, byte[] text) throws ControlException;
  }

  /** LOG has levels from 1 to this. */
  static final int LEVELS = 4;

  private final ControlChannel channel;
  private final Handler handler;
  private final Unanswered epochs = new Unanswered();
  private final Unanswered lanes = new Unanswered();
  private final Unanswered syncs = new Unanswered();
  private boolean waits;
  private boolean ready;
  private boolean keeps;

  public ReportReader(ControlChannel channel, Handler handler) {
    this.channel = channel;
    this.handler = handler;
  }

  /** CONFIG was sent, with this number as its newest. */
  public void askedEpoch(int number) {
    epochs.add(number);
  }

  /** KEEP was sent. */
  public void askedKeep() {
    keeps = true;
  }

  /** LANES was sent. */
  public void askedLanes(int version) {
    lanes.add(version);
  }

  /** SYNC was sent. */
  public void askedSync(int token) {
    syncs.add(token);
  }

  /**
   * Tells the handler of the packet that was received last.
   *
   * @throws ControlException where it is not what it should be
   */
  public void read() throws ControlException {
    try {
      if (channel.truncated()) {
        throw new ControlException("more than one packet holds, or a descriptor");
      }
      if (channel.descriptorCount() > 0) {
        throw new ControlException("a descriptor that nobody asked for");
      }
      Report report = Report.of(channel.code());
      if (report == null) {
        throw new ControlException("no report has the code " + channel.code());
      }
      read(report, channel.fields());
    } finally {
      channel.closeDescriptors();
    }
  }

  private void read(Report report, Fields fields) throws ControlException {
    switch (report) {
      case WAITING -> {
        int build = fields.i32();
        fields.end();
        if (waits || ready) {
          throw new ControlException("WAITING out of turn");
        }
        waits = true;
        handler.waiting(build);
      }
      case READY -> {
        int build = fields.i32();
        fields.end();
        if (ready) {
          throw new ControlException("READY a second time");
        }
        ready = true;
        handler.readyAs(build);
      }
      case KEPT -> {
        int pid = fields.i32();
        fields.end();
        if (!keeps || ready) {
          throw new ControlException(report + " that answers nothing");
        }
        keeps = false;
        handler.kept(pid);
      }
      case EPOCH -> handler.epoch(answer(report, fields, epochs));
      case REFUSED -> {
        int number = fields.i32();
        byte[] why = fields.rest(Reports.MAX_TEXT);
        if (!epochs.answered(number)) {
          throw new ControlException(report + " that answers nothing");
        }
        handler.refused(number, why);
      }
      case LANES -> handler.lanes(answer(report, fields, lanes));
      case SYNCED -> handler.synced(answer(report, fields, syncs));
      case MARK -> {
        int token = fields.number();
        fields.end();
        handler.mark(token);
      }
      case LOG -> {
        int level = fields.u8();
        byte[] text = fields.rest(Reports.MAX_TEXT);
        if (level < 1 || level > LEVELS) {
          throw new ControlException("LOG of a level that is none");
        }
        handler.log(level, text);
      }
    }
  }

  private static int answer(Report report, Fields fields, Unanswered questions)
      throws ControlException {
    int number = fields.i32();
    fields.end();
    if (!questions.answered(number)) {
      throw new ControlException(report + " that answers nothing");
    }
    return number;
  }
}
