package org.portbouncer.negotiator.connect;

import org.portbouncer.core.session.Cause;

/**
 * What is said with one proxy, without a socket: a message, an answer, and so on, until the proxy
 * has connected or refused. Answers are looked at from their first byte until they are whole, so
 * that not a byte behind them is taken. In the connect worker, on the thread of its loop.
 */
abstract class ProxyDialogue {

  /** An answer that is not of the protocol. */
  static final int UNFIT = -1;

  private Cause refusal;
  private int code;

  /** The first message. */
  abstract byte[] first();

  /**
   * How long the answer is that begins there.
   *
   * @param seen what has come
   * @param length how much of it
   * @return 0 where more must come to tell; {@link #UNFIT}
   */
  abstract int length(byte[] seen, int length);

  /**
   * Takes a whole answer.
   *
   * @return the next message; null where the dialogue is over, and {@link #refusal} says how
   */
  abstract byte[] answered(byte[] answer, int length);

  final byte[] refuse(Cause cause, int why) {
    refusal = cause;
    code = why;
    return null;
  }

  /** Why the proxy refused; null where it has not. */
  final Cause refusal() {
    return refusal;
  }

  /** The proxy's code, as {@link org.portbouncer.core.session.ProxyCodes} has it. */
  final int code() {
    return code;
  }
}
