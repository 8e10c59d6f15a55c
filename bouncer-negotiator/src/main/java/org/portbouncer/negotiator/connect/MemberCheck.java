package org.portbouncer.negotiator.connect;

import java.net.InetAddress;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.ProxyProtocol;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.config.TargetGroup.Check;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.worker.SocketSetup;
import org.portbouncer.core.worker.Worker;
import org.portbouncer.negotiator.connect.TargetSockets.Address;

/**
 * Asks one member of a group, again and again, whether it is up: a connection, and for `expect` a
 * word and an answer; through the proxies that sessions go through. Of several connect workers one
 * does each check; who dies leaves the next one to another. In the connect worker, on the thread of
 * its loop.
 */
final class MemberCheck extends Pollable
    implements AddressRace.Owner, ChainDialogue.Owner, NameQuestion.Owner {

  private final Worker worker;
  private final TargetSockets sockets;
  private final AddressBook book;
  private final AddressRace race;
  private final NameQuestion question;
  private final TargetGroup group;
  private final TargetGroup.Member member;
  private final Endpoint target;
  private final int place;
  private final Check check;
  private final Address[] only = new Address[1];
  private final Timer next =
      new Timer() {
        @Override
        protected void expired(long now) {
          ask(now);
        }
      };
  private final Timer late =
      new Timer() {
        @Override
        protected void expired(long now) {
          tooLate();
        }
      };

  private final SocketSetup setup;
  private final CheckTalk talk;
  private int fd = -1;
  private boolean running;

  /** The PROXY header that it begins with. */
  private final ProxyProtocol.Send header;

  private final ConnectStage stage;

  /** The proxies on the way; null for none. */
  private final ChainPath path;

  /** What is connected to: the member, or the first proxy on the way to it. */
  private final Endpoint towards;

  private final ChainDialogue dialogue;

  /** Which proxy is spoken with, from 1; 0 for none. */
  private int hop;

  /** Whether the last check did not come as far as the member, which has been said. */
  private boolean unreached;

  /**
   * @param header that sessions begin with
   * @param path null where sessions go to the group directly
   */
  MemberCheck(
      ConnectStage stage,
      Resolver resolver,
      TargetGroup group,
      int index,
      int place,
      ProxyProtocol.Send header,
      ChainPath path) {
    this.stage = stage;
    this.header = header;
    this.worker = stage.worker();
    this.question = new NameQuestion(resolver, this);
    this.sockets = stage.sockets();
    this.book = stage.book();
    this.race = new AddressRace(worker, sockets, this);
    this.group = group;
    this.member = group.members().get(index);
    this.place = place;
    this.check = group.check();
    Endpoint own = member.address();
    this.target =
        check.port() == 0
            ? own
            : new Endpoint(
                own.kind(),
                own.text(),
                own.host(),
                check.port(),
                own.path(),
                Endpoint.Ports.ONE,
                own.udp());
    this.path = path;
    this.towards = path == null ? target : path.chain().hops().getFirst().proxy();
    this.dialogue = path == null ? null : new ChainDialogue(worker, resolver, this);
    this.setup = setup(member.sockets());
    this.talk = new CheckTalk(check, target.udp());
  }

  /** As sessions' sockets are made; but no client asks here. */
  private static SocketSetup setup(SocketSettings sessions) {
    SocketSettings own =
        sessions.source().equals(SocketSettings.CLIENT) ? sessions.withSource("") : sessions;
    if (own.isNone()) {
      return null;
    }
    SocketSetup setup = new SocketSetup();
    setup.begin(own);
    return setup;
  }

  private TargetBoard board() {
    return worker.area().targets();
  }

  /**
   * Begins, the first time at once or a little later.
   *
   * @param delayNanos so that not all members are asked in the same moment
   */
  void begin(long delayNanos) {
    worker.loop().timers().set(next, worker.loop().now() + delayNanos);
  }

  private void ask(long now) {
    // Never two at once, of several workers either.
    long every = Math.max(check.everyMs(), check.timeoutMs()) * 1_000_000;
    boolean ours = board().checks().take(place, now, every);
    worker.loop().timers().set(next, Math.max(now + 1_000_000, board().checks().next(place)));
    if (!ours || running || board().mode(place) == TargetBoard.Mode.OFF) {
      return;
    }
    running = true;
    worker.loop().timers().set(late, now + check.timeoutMs() * 1_000_000);
    hop = path == null ? 0 : 1;
    if (towards.kind() == Endpoint.Kind.NAME) {
      question.ask(towards.host(), group.resolveMs() * 1_000_000);
    } else {
      only[0] = sockets.member(towards);
      race.begin(only, setup);
    }
  }

  @Override
  public void resolved(InetAddress[] found, String why) {
    if (found.length == 0) {
      notConnected(Cause.ofLookup(why), 0);
    } else {
      race.begin(book.order(towards, found, worker.loop().now()), setup);
    }
  }

  private void tooLate() {
    if (question.isOpen()) {
      notConnected(Cause.NAME_LATE, 0);
    } else if (hop == 0) {
      failed(talk.heardOther() ? Cause.UNEXPECTED : Cause.NO_ANSWER, 0);
    } else if (dialogue.isAtTarget()) {
      failed(Cause.PROXY_LATE, 0);
    } else {
      unreached(dialogue.isSpeaking() ? Cause.PROXY_LATE : Cause.NO_ANSWER, 0);
    }
  }

  /** What was connected to has not been: the member, or the first proxy. */
  private void notConnected(Cause cause, int errno) {
    if (path == null) {
      failed(cause, errno);
    } else {
      unreached(cause, errno);
    }
  }

  // What comes of a chain.

  @Override
  public void hop(int number) {
    hop = number;
  }

  @Override
  public void through(int connected) {
    hop = 0;
    reached(connected);
  }

  @Override
  public void refused(Cause cause, int code, boolean targets) {
    if (targets) {
      failed(cause, code);
    } else {
      unreached(cause, code);
    }
  }

  /** A proxy did not lead to the member: nothing is known of it, and what was stays. */
  private void unreached(Cause cause, int code) {
    board().error(place, cause, code);
    if (!unreached) {
      unreached = true;
      worker
          .log()
          .warn(
              worker.loop().now(),
              name()
                  + " cannot be checked, and stays what it is: proxy "
                  + hop
                  + " of chain "
                  + path.chain().name()
                  + " ("
                  + path.chain().hops().get(hop - 1).proxy().text()
                  + "): "
                  + cause.text(code));
    }
    forget();
  }

  // What comes of the race.

  @Override
  public void won(int connected, Address address) {
    if (path == null) {
      reached(connected);
    } else {
      dialogue.begin(connected, path, target);
    }
  }

  private void reached(int connected) {
    fd = connected;
    if (header != ProxyProtocol.Send.NONE && !greet()) {
      return;
    }
    if (!talk.expects()) {
      over(true, Cause.UNSAID, 0);
      return;
    }
    int errno = worker.loop().tryAdd(this, fd, Const.EPOLLIN);
    if (errno != 0) {
      // Ours to bear, and no word about the member.
      forget();
      return;
    }
    int unsaid = talk.say(fd);
    if (unsaid != 0) {
      failed(Cause.SYSTEM, unsaid);
    }
  }

  /** Says that nobody in particular connects, to a target that waits for such words. */
  private boolean greet() {
    ProxyGreeting greeting = stage.greeting();
    int most = greeting.makeOwn(header, fd);
    long sent = Libc.send(fd, greeting.bytes().address(), most, Const.MSG_NOSIGNAL);
    int errno = CheckTalk.sent(sent, most);
    if (errno != 0) {
      failed(Cause.GREETING, errno);
    }
    return errno == 0;
  }

  @Override
  public void lost(int errno, boolean asked) {
    if (!asked || Errno.isWatchLimit(errno)) {
      forget();
      return;
    }
    ConnectFailure failure = ConnectFailure.of(errno, false);
    notConnected(failure.cause(), failure.errno());
  }

  @Override
  public void shortage(int errno) {
    forget();
  }

  @Override
  public void pending() {
    // The timer is set.
  }

  @Override
  protected void ready(int events) {
    switch (talk.hear(fd)) {
      case EXPECTED -> over(true, Cause.UNSAID, 0);
      case OTHER -> failed(Cause.UNEXPECTED, 0);
      case BROKEN -> failed(Cause.SYSTEM, talk.errno());
      case NOTHING, PART -> {
        // The timer is set.
      }
    }
  }

  private void failed(Cause cause, int errno) {
    board().error(place, cause, errno);
    over(false, cause, errno);
  }

  private void over(boolean ok, Cause cause, int errno) {
    forget();
    unreached = false;
    int enough = ok ? check.rise() : check.fall();
    if (!board().checks().note(place, ok, cause, errno, enough, worker.loop().now())) {
      return;
    }
    String text = name();
    if (ok) {
      worker.log().info(worker.loop().now(), text + " is up: checks succeed");
    } else {
      worker.log().warn(worker.loop().now(), text + " is down: " + cause.text(errno));
    }
  }

  private String name() {
    return group.named(member);
  }

  /** Ends this check, whatever it has come to. */
  private void forget() {
    running = false;
    question.giveUp();
    talk.clear();
    worker.loop().timers().clear(late);
    race.clear();
    if (dialogue != null) {
      dialogue.clear();
    }
    if (fd >= 0) {
      worker.loop().remove(this, fd);
      Libc.close(fd);
      fd = -1;
    }
  }

  /** Checks no more. */
  void end() {
    worker.loop().timers().clear(next);
    forget();
  }
}
