package org.portbouncer.negotiator.negotiate;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.worker.SessionWait;

/**
 * A session whose connection begins with a PROXY header, until that is whole. What has come stays
 * in the socket until then, so that a client that sends half of one, or nothing, costs no memory
 * here; then the header is taken out in one piece, and not a byte more. Pooled by {@link
 * NegotiateStage}; on the thread of its loop.
 */
final class HeaderWait extends SessionWait {

  private final NegotiateStage stage;
  private Session session;
  private Listener listener;

  /** How much must have come before there is anything to do; 0 for any byte. */
  private int lowWater;

  HeaderWait(NegotiateStage stage) {
    super(stage.worker());
    this.stage = stage;
  }

  void begin(Session session, Listener listener) {
    this.session = session;
    this.listener = listener;
    look(false);
  }

  @Override
  protected boolean listens() {
    return true;
  }

  @Override
  protected void clientSaid(boolean ended) {
    look(ended);
  }

  /** Looks at what has come, and takes it where that is a whole header. */
  private void look(boolean ended) {
    MemorySegment bytes = stage.bytes();
    int wanted = Math.max(ProxyHeader.FIRST, lowWater);
    long came = peek(bytes.address(), wanted);
    if (came == -Errno.EAGAIN) {
      await();
      return;
    }
    if (came <= 0) {
      checked();
      return;
    }
    ProxyHeader header = stage.header();
    ProxyHeader.Outcome outcome = header.read(bytes, (int) came);
    if (outcome == ProxyHeader.Outcome.MORE && header.length() > wanted) {
      lowWater = header.length();
      came = peek(bytes.address(), lowWater);
      outcome = came <= 0 ? outcome : header.read(bytes, (int) came);
    }
    switch (outcome) {
      case MALFORMED -> malformed(header.wrong());
      case WHOLE -> take(header, (int) came > header.length());
      case MORE -> {
        if (ended) {
          checked();
        } else {
          await();
        }
      }
    }
  }

  private long peek(long address, int bytes) {
    long came;
    do {
      came = Libc.recv(fd(), address, bytes, Const.MSG_PEEK | Const.MSG_DONTWAIT);
    } while (came == -Errno.EINTR);
    return came;
  }

  private int fd() {
    return session.descriptors().peek(Descriptors.CLIENT);
  }

  /**
   * Waits for more. The mark has the kernel make room for a long header, and be silent until it is
   * there.
   */
  private void await() {
    if (lowWater > 0) {
      Sockets.set(fd(), Const.SOL_SOCKET, Const.SO_RCVLOWAT, lowWater);
    }
    hold(session, session.state().accepted(), listener.timeouts().negotiateMs());
  }

  /**
   * Takes the header out of the socket.
   *
   * @param more whether something has come behind it
   */
  private void take(ProxyHeader header, boolean more) {
    MemorySegment bytes = stage.bytes();
    int length = header.length();
    long took;
    do {
      took = Libc.recv(fd(), bytes.address(), length, Const.MSG_DONTWAIT);
    } while (took == -Errno.EINTR);
    if (took != length || !more && hasEnded(bytes.address() + length)) {
      checked();
      return;
    }
    if (lowWater > 0) {
      Sockets.set(fd(), Const.SOL_SOCKET, Const.SO_RCVLOWAT, 1);
    }
    SessionState state = session.state();
    Session whole = session;
    // Read anew: between the two calls it is the same, but what counts is what was taken.
    if (header.read(bytes, length) != ProxyHeader.Outcome.WHOLE) {
      malformed(header.wrong());
      return;
    }
    stage.addresses(state, header);
    stage.recycle(this);
    stage.goOn(whole, header);
  }

  /** Whether the client has ended, or reset, its connection without a byte more. */
  private boolean hasEnded(long address) {
    long next = peek(address, 1);
    return next == 0 || next < 0 && next != -Errno.EAGAIN;
  }

  private void malformed(String why) {
    stage.refused(session, listener, why);
    stage.worker().because(session, Cause.HEADER_MALFORMED, 0);
    end(Result.BLOCKED, Term.BLOCKED_HEADER);
  }

  private void checked() {
    end(Result.CHECK, Term.CLIENT_CHECK);
  }

  @Override
  protected void timedOut() {
    end(Result.TIMEOUT, Term.CLIENT_TIMEOUT_HEADER);
  }

  @Override
  protected void clientReset() {
    checked();
  }

  @Override
  public void end(Result result, Term term) {
    Session ended = session;
    stage.recycle(this);
    stage.worker().end(ended, result, term);
  }

  /** Lets go of the session; closes nothing of it. */
  void clear() {
    letGo();
    session = null;
    listener = null;
    lowWater = 0;
  }
}
