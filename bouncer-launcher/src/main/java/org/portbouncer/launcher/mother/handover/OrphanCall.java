package org.portbouncer.launcher.mother.handover;

import java.io.ByteArrayOutputStream;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.OrphanLink;
import org.portbouncer.core.control.OrphanSession;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.core.worker.SessionPool;

/**
 * The link to one io worker of a server that died: hears of its sessions one after another, and
 * answers each. In the mother, on her loop's thread.
 */
final class OrphanCall extends Pollable {

  private static final int PER_TURN = 64;

  /** Who is told. */
  interface Owner {

    /** Something came. */
    void progressed();

    /** It answers. */
    void answered(OrphanCall call, OrphanLink.Hello hello);

    /**
     * It gives a session.
     *
     * @param session has its descriptors, and is the owner's from here on
     * @return whether {@link #took} is to be said; else the session was released
     */
    boolean offered(OrphanSession said, Session session);

    /** It is this server's: nobody else goes on with it. */
    void took(OrphanSession said, Session session);

    /** What was offered cannot be taken after all: nobody hears it. */
    void missed(Session session);

    /** All that has come was heard: what was taken goes on its way. */
    void heard();

    /** It has no more. */
    void done(OrphanCall call, int[] stay);

    /** The link is of no use any more. */
    void failed(OrphanCall call, String why);
  }

  private final EventLoop loop;
  private final Owner owner;
  private final SessionPool pool;
  private final OrphanLink link;

  /** What was told before the session that it is of, by way. */
  private final ByteArrayOutputStream[] held = {
    new ByteArrayOutputStream(), new ByteArrayOutputStream()
  };

  private boolean answered;
  private boolean done;
  private int last;

  /**
   * @param fd this server's end
   * @param pool where sessions come from
   */
  OrphanCall(EventLoop loop, int fd, SessionPool pool, Owner owner) {
    this.loop = loop;
    this.pool = pool;
    this.owner = owner;
    this.link = new OrphanLink(fd);
    int errno = loop.tryAdd(this, fd, Const.EPOLLIN);
    if (errno != 0) {
      Libc.close(fd);
      throw new SystemCallException("epoll_ctl", errno);
    }
  }

  /** Whether somebody has taken the call. */
  boolean answered() {
    return answered;
  }

  /** Whether nothing more comes of it. */
  boolean over() {
    return done || !registered();
  }

  /** Ends the link: what was not taken stays where it is. */
  void close() {
    if (registered()) {
      loop.remove(this, link.fd());
      Libc.close(link.fd());
    }
  }

  @Override
  protected void ready(int events) {
    try {
      for (int i = 0; i < PER_TURN && registered(); i++) {
        OrphanLink.Word word = link.next(false);
        if (word == null) {
          return;
        }
        owner.progressed();
        hear(word);
      }
    } catch (ControlException e) {
      close();
      // Who has given all that he had may end, while others are still heard.
      if (!done) {
        owner.failed(this, e.getMessage());
      }
    } finally {
      owner.heard();
    }
  }

  private void hear(OrphanLink.Word word) throws ControlException {
    if (done || answered == (word == OrphanLink.Word.HELLO)) {
      throw new ControlException(word + " out of turn");
    }
    switch (word) {
      case HELLO -> {
        OrphanLink.Hello hello = link.readHello();
        if (hello.protocol() != OrphanLink.PROTOCOL) {
          throw new ControlException("it has protocol " + hello.protocol() + " for this");
        }
        answered = true;
        owner.answered(this, hello);
      }
      case HELD -> {
        OrphanLink.Held more = link.readHeld();
        held[more.way()].writeBytes(more.bytes());
        if (held[more.way()].size() > SessionFlow.MOST_HELD) {
          throw new ControlException("more on its way than there can be");
        }
      }
      case SESSION -> session(link.readSession());
      case DONE -> {
        int[] stay = link.readDone();
        done = true;
        owner.done(this, stay);
      }
      default -> throw new ControlException(word + " out of turn");
    }
  }

  private void session(OrphanSession said) throws ControlException {
    if (said.number() != last + 1) {
      throw new ControlException("a session out of turn");
    }
    last++;
    Session session = pool.obtain();
    if (!descriptors(said.position(), session.descriptors())) {
      pool.release(session);
      throw new ControlException("a session without the bytes that come next");
    }
    if (!owner.offered(said, session)) {
      answer(link.left(said.number()));
      return;
    }
    int errno = link.took(said.number());
    if (errno != 0) {
      owner.missed(session);
      answer(errno);
    }
    owner.took(said, session);
  }

  /** One that does not take a word as long as this is of no use. */
  private static void answer(int errno) throws ControlException {
    if (errno != 0) {
      throw new ControlException("it does not hear the answer");
    }
  }

  /** Takes the session's descriptors, and makes one of what was held of each way. */
  private boolean descriptors(OrphanSession.Position position, Descriptors descriptors) {
    descriptors.put(Descriptors.CLIENT, link.descriptor(0));
    descriptors.put(Descriptors.TARGET, link.descriptor(1));
    int next = 2;
    boolean whole = true;
    for (int way = 0; way < Way.COUNT; way++) {
      byte[] bytes = held[way].toByteArray();
      held[way].reset();
      if (position.inPipe(way)) {
        descriptors.put(Descriptors.CARRIED + way, link.descriptor(next++));
        whole &= bytes.length == 0;
      } else {
        whole &= bytes.length == position.carried(way) && carry(descriptors, way, bytes);
      }
    }
    return whole;
  }

  private static boolean carry(Descriptors descriptors, int way, byte[] bytes) {
    try {
      if (bytes.length > 0) {
        descriptors.put(Descriptors.CARRIED + way, Native.constantFile("held", bytes));
      }
      return true;
    } catch (SystemCallException e) {
      return false;
    }
  }
}
