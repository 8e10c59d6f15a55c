package org.portbouncer.launcher.mother.handover;

import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.launcher.mother.ground.Ground;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server that this one follows, as this one sees it: it says when clients are to be accepted
 * here, and ends when it has no session any more. In the mother, on her loop's thread.
 */
public final class OldServer extends Pollable {

  private static final Logger LOG = LoggerFactory.getLogger(OldServer.class);

  /** What it has this server do. */
  public interface Orders {
    /** Accept clients; the last session that began there has this number. */
    void go(long lastId);

    /** The service manager knows that this server is the one. */
    void named();

    /** It has gone before this server served. */
    void lost(String why);

    /** It has gone, and nothing of it is left but what it has left behind. */
    void ended();
  }

  private final Ground ground;
  private final Inheritance inheritance;
  private final HandoverLink link;

  /** Null before it is listened to. */
  private Orders orders;

  private boolean serving;
  private boolean main;
  private boolean gone;

  public OldServer(Ground ground, Inheritance inheritance) {
    this.ground = ground;
    this.inheritance = inheritance;
    this.link = inheritance.link();
  }

  /**
   * Begins to listen to it.
   *
   * @param whom does what it says
   */
  public void begin(Orders whom) {
    orders = whom;
    ground.loop().add(this, link.fd(), Const.EPOLLIN);
  }

  /** Every worker is there: it may stop accepting. */
  public void ready() {
    link.ready(ground.pid(), inheritance.takesSessions(), inheritance.why());
  }

  /**
   * Clients are accepted here.
   *
   * @param inboxes writing ends of those of the io workers
   */
  public void serving(int[] inboxes) {
    serving = true;
    if (inheritance.takesSessions()) {
      for (int inbox : inboxes) {
        link.inbox(inbox);
      }
    }
    link.say(HandoverLink.Word.SERVING);
  }

  /** What is left of it is to end. */
  public void end(boolean now) {
    if (!gone) {
      link.end(now);
    }
  }

  /** Whether it is still there. */
  public boolean isThere() {
    return !gone;
  }

  @Override
  protected void ready(int events) {
    try {
      for (HandoverLink.Word word = link.next(); word != null; word = link.next()) {
        switch (word) {
          case GO -> {
            long lastId = link.readGo();
            if (serving) {
              throw new ControlException("GO twice");
            }
            orders.go(lastId);
          }
          case MAIN -> {
            link.readNothing();
            becomeMain();
          }
          default -> throw new ControlException(word + " where nobody asked");
        }
      }
    } catch (ControlException e) {
      end(e.getMessage());
    }
  }

  private void becomeMain() {
    if (serving && !main) {
      main = true;
      orders.named();
    }
  }

  private void end(String how) {
    gone = true;
    ground.loop().remove(this, link.fd());
    Libc.close(link.fd());
    if (!serving) {
      orders.lost(how);
      return;
    }
    becomeMain();
    LOG.info("the server before has ended");
    orders.ended();
  }
}
