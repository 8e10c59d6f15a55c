package org.portbouncer.negotiator.connect;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import org.portbouncer.core.config.Chain;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.HopSecrets;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.worker.Worker;

/**
 * Leads a connection to the first proxy of a chain through all of them to the target: one message,
 * its answer, the next. Proxies lose what comes before they have answered, so nothing is sent
 * ahead; and of what they send not a byte is taken behind an answer: it is the target's, and waits
 * in the socket for the io worker. It owns the descriptor from {@link #begin} until the chain leads
 * through. Part of a {@link ConnectAttempt}; on the thread of the connect worker's loop.
 */
final class ChainDialogue extends Pollable implements NameQuestion.Owner {

  /** The longest answer: no head of HTTP that says yes or no needs as much. */
  private static final int MOST = 16 * 1024;

  /** Shared by all dialogues of the worker, which has one thread. */
  private static final class Room {
    static final MemorySegment MEMORY = Native.allocate(MOST);
    static final byte[] BYTES = new byte[MOST];
  }

  /** Who wants the connection; told once for each {@link #begin}, unless {@link #clear} ends it. */
  interface Owner {
    /** The proxy that is spoken with, from 1. */
    void hop(int hop);

    /** The chain leads to the target; the descriptor is the owner's, and is watched no more. */
    void through(int fd);

    /**
     * It does not; the connection is closed.
     *
     * @param targets whether that is the target's fault, and no proxy's
     */
    void refused(Cause cause, int code, boolean targets);
  }

  private final Worker worker;
  private final NameQuestion question;
  private final Owner owner;

  private ChainPath path;
  private Endpoint target;
  private ProxyDialogue dialogue;
  private int hop;
  private int fd = -1;

  /** Nothing more comes from the proxy than what is there. */
  private boolean ended;

  /** What is behind this proxy, while its name is looked up. */
  private Endpoint wanted;

  ChainDialogue(Worker worker, Resolver resolver, Owner owner) {
    this.worker = worker;
    this.question = new NameQuestion(resolver, this);
    this.owner = owner;
  }

  /**
   * Begins.
   *
   * @param connected to the first proxy; its owner is this from here on
   */
  void begin(int connected, ChainPath through, Endpoint to) {
    fd = connected;
    path = through;
    target = to;
    hop = 0;
    int events = Const.EPOLLIN | Const.EPOLLRDHUP | Const.EPOLLET;
    int errno = worker.loop().tryAdd(this, fd, events);
    if (errno != 0) {
      refused(Cause.WATCHES, errno);
    } else {
      next();
    }
  }

  private List<Chain.Hop> hops() {
    return path.chain().hops();
  }

  /** Whether it speaks with a proxy now. */
  boolean isSpeaking() {
    return fd >= 0;
  }

  /** Whether the last proxy is spoken with, which leads to the target. */
  boolean isAtTarget() {
    return path != null && hop + 1 == hops().size();
  }

  /** The next proxy is asked for what is behind it. */
  private void next() {
    owner.hop(hop + 1);
    boolean last = hop + 1 == hops().size();
    Endpoint to = last ? target : hops().get(hop + 1).proxy();
    if (to.kind() == Endpoint.Kind.INET) {
      ask(new Destination(InetAddress.ofLiteral(to.host()), to.host(), to.port()));
    } else if (hops().get(hop).local()) {
      wanted = to;
      question.ask(to.host(), Resolver.KEEP_NANOS);
    } else {
      ask(new Destination(null, to.host(), to.port()));
    }
  }

  @Override
  public void resolved(InetAddress[] found, String why) {
    if (found.length == 0) {
      refused(Cause.ofLookup(why), 0);
      return;
    }
    InetAddress chosen = found[0];
    if (hops().get(hop).type() == Chain.Type.SOCKS4) {
      for (int i = found.length - 1; i >= 0; i--) {
        chosen = found[i] instanceof Inet4Address ? found[i] : chosen;
      }
    }
    ask(new Destination(chosen, wanted.host(), wanted.port()));
  }

  private void ask(Destination to) {
    Chain.Hop proxy = hops().get(hop);
    HopSecrets secrets = path.secrets().of(path.index(), hop);
    if (proxy.type() == Chain.Type.SOCKS4 && !Socks4.reaches(to)) {
      refused(Cause.PROXY_FAMILY, 0);
      return;
    }
    dialogue =
        switch (proxy.type()) {
          case SOCKS5 -> new Socks5(to, proxy.user(), secrets);
          case SOCKS4 -> new Socks4(to, proxy.user());
          case HTTP -> new HttpConnect(to, proxy.user(), secrets);
        };
    say(dialogue.first());
  }

  /** One write: a message is small, and nothing is on its way but this. */
  private void say(byte[] message) {
    MemorySegment.copy(message, 0, Room.MEMORY, JAVA_BYTE, 0, message.length);
    long sent = Libc.send(fd, Room.MEMORY.address(), message.length, Const.MSG_NOSIGNAL);
    if (sent != message.length) {
      refused(Cause.PROXY_BROKEN, sent < 0 ? (int) -sent : Errno.EAGAIN);
    } else {
      // What came before it was asked for, or at once, has no event of its own any more.
      listen();
    }
  }

  /** Edge-triggered: whatever comes leads here again. */
  @Override
  protected void ready(int events) {
    ended |= (events & (Const.EPOLLRDHUP | Const.EPOLLHUP)) != 0;
    if (dialogue != null) {
      listen();
    }
  }

  private void listen() {
    long seen = Libc.recv(fd, Room.MEMORY.address(), MOST, Const.MSG_PEEK);
    if (seen == -Errno.EAGAIN || seen == -Errno.EINTR) {
      return;
    }
    if (seen <= 0) {
      refused(seen == 0 ? Cause.PROXY_ENDED : Cause.PROXY_BROKEN, (int) -seen);
      return;
    }
    MemorySegment.copy(Room.MEMORY, JAVA_BYTE, 0, Room.BYTES, 0, (int) seen);
    int length = dialogue.length(Room.BYTES, (int) seen);
    if (length == ProxyDialogue.UNFIT || length == 0 && seen == MOST) {
      refused(Cause.PROXY_UNFIT, 0);
    } else if (length > 0) {
      Libc.recv(fd, Room.MEMORY.address(), length, 0);
      answered(length);
    } else if (ended) {
      refused(Cause.PROXY_ENDED, 0);
    }
  }

  private void answered(int length) {
    byte[] next = dialogue.answered(Room.BYTES, length);
    if (next != null) {
      say(next);
    } else if (dialogue.refusal() != null) {
      refused(dialogue.refusal(), dialogue.code());
    } else if (++hop < hops().size()) {
      dialogue = null;
      next();
    } else {
      int through = fd;
      worker.loop().remove(this, fd);
      fd = -1;
      clear();
      owner.through(through);
    }
  }

  private void refused(Cause cause, int code) {
    boolean targets = ProxyBlame.isTargets(cause, code, isAtTarget());
    clear();
    owner.refused(cause, code, targets);
  }

  /** Ends it, if it speaks: the connection is closed, and the owner not told. */
  void clear() {
    if (fd >= 0) {
      worker.loop().remove(this, fd);
      Libc.close(fd);
      fd = -1;
    }
    path = null;
    target = null;
    wanted = null;
    dialogue = null;
    ended = false;
    question.giveUp();
  }
}
