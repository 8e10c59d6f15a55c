package org.portbouncer.core.control;

/**
 * A worker's words to the mother, each one method; {@link Report} has the table of them. Each
 * returns 0, or the errno where it could not be sent: EAGAIN where she does not keep up, and else
 * she has gone. On the thread of the worker's loop.
 */
public final class Reports {

  /** The longest text of one LOG. */
  public static final int MAX_TEXT = 4000;

  private Reports() {}

  private static int say(ControlChannel channel, Report report, int number) {
    channel.begin(report.code()).putInt(number);
    return channel.send();
  }

  /**
   * @param build which build the worker is of
   */
  public static int ready(ControlChannel channel, int build) {
    return say(channel, Report.READY, build);
  }

  /**
   * @param build which build the process is of
   */
  public static int waiting(ControlChannel channel, int build) {
    return say(channel, Report.WAITING, build);
  }

  /**
   * @param pid of the keeper, or the negated errno
   */
  public static int kept(ControlChannel channel, int pid) {
    return say(channel, Report.KEPT, pid);
  }

  public static int epoch(ControlChannel channel, int number) {
    return say(channel, Report.EPOCH, number);
  }

  /**
   * @param why UTF-8, cut where it is too long
   */
  public static int refused(ControlChannel channel, int number, byte[] why) {
    channel.begin(Report.REFUSED.code()).putInt(number).put(why, 0, Math.min(why.length, MAX_TEXT));
    return channel.send();
  }

  public static int lanes(ControlChannel channel, int version) {
    return say(channel, Report.LANES, version);
  }

  public static int synced(ControlChannel channel, int token) {
    return say(channel, Report.SYNCED, token);
  }

  public static int mark(ControlChannel channel, int token) {
    return say(channel, Report.MARK, token);
  }

  /**
   * @param level its code
   * @param text UTF-8, cut where it is too long
   */
  public static int log(ControlChannel channel, int level, byte[] text) {
    channel
        .begin(Report.LOG.code())
        .put((byte) level)
        .put(text, 0, Math.min(text.length, MAX_TEXT));
    return channel.send();
  }
}
