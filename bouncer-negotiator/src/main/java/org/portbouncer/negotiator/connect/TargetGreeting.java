package org.portbouncer.negotiator.connect;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.ProxyProtocol;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.sys.Errno;

/**
 * Tells the target of one session who its client is, before all else: with a header in front of the
 * stream, or of every datagram. Belongs to a {@link ConnectAttempt}, which goes on when that is
 * done. On the thread of the connect worker's loop.
 */
final class TargetGreeting {

  private final ConnectStage stage;
  private final ConnectAttempt attempt;
  private final GreetingWrite write;

  TargetGreeting(ConnectStage stage, ConnectAttempt attempt) {
    this.stage = stage;
    this.attempt = attempt;
    this.write =
        new GreetingWrite(stage.worker().loop()) {
          @Override
          void sent(int errno) {
            greeted(errno);
          }
        };
  }

  /**
   * Greets.
   *
   * @param send which header, of those that are one
   * @param datagrams whether each datagram begins with it
   * @param fd the connection
   */
  void greet(
      Session session, ProxyProtocol proxy, ProxyProtocol.Send send, boolean datagrams, int fd) {
    ProxyGreeting greeting = stage.greeting();
    int length = greeting.make(session, send, datagrams, proxy.tlvs(), stage.worker().table(), fd);
    if (length < 0) {
      attempt.fail(Result.ERROR, Term.INTERNAL_SETUP, Cause.DAMAGED, 0);
      return;
    }
    if (datagrams || isLeft(session, length)) {
      leave(session, greeting.bytes(), length);
      return;
    }
    int errno = write.send(fd, greeting.bytes(), length);
    if (errno == Errno.EINPROGRESS) {
      attempt.pending();
    } else {
      greeted(errno);
    }
  }

  /**
   * Whether io is to send the header of a stream. As a rule the client has spoken by then, and the
   * target gets both at once: a packet less, and it is woken once. A call to carry it would cost
   * what is saved.
   */
  private static boolean isLeft(Session session, int length) {
    return length <= Sections.LONGEST_LEAD && session.hasRoomFor(Sections.bytes(length));
  }

  /** Io sends the header, or begins every datagram with it: it gets it with the session. */
  private void leave(Session session, MemorySegment header, int length) {
    int errno = stage.worker().addSection(session, Sections.Type.PROXY_HEADER, header, 0, length);
    if (errno == 0) {
      attempt.done();
    } else {
      attempt.fail(Result.ERROR, Term.RESOURCE, Cause.SYSTEM, errno);
    }
  }

  private void greeted(int errno) {
    if (errno == 0) {
      attempt.done();
    } else if (Errno.isWatchLimit(errno)) {
      attempt.fail(Result.ERROR, Term.RESOURCE, Cause.WATCHES, errno);
    } else {
      attempt.fail(Result.NO_TARGET, Term.TARGET_REFUSED, Cause.GREETING, errno);
    }
  }

  /** Forgets the session, and what was not sent yet. */
  void clear() {
    write.clear();
  }
}
