package org.portbouncer.launcher.mother.handover;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.core.control.OrphanLink;
import org.portbouncer.core.control.OrphanSession;
import org.portbouncer.core.control.OrphanSession.Addresses;
import org.portbouncer.core.control.OrphanSession.Names;
import org.portbouncer.core.control.OrphanSession.Position;
import org.portbouncer.core.control.OrphanSession.Times;
import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;

/** What a worker may claim of a session, and the kernel or the configuration says otherwise. */
class ClaimedSessionTest extends OrphanCase {

  private static OrphanSession with(OrphanSession it, Position position) {
    return new OrphanSession(
        it.number(), it.id(), it.times(), it.names(), it.addresses(), position);
  }

  private static OrphanSession with(OrphanSession it, Names names) {
    return new OrphanSession(
        it.number(), it.id(), it.times(), names, it.addresses(), it.position());
  }

  private static OrphanSession with(OrphanSession it, Addresses addresses) {
    return new OrphanSession(
        it.number(), it.id(), it.times(), it.names(), addresses, it.position());
  }

  private static OrphanSession with(OrphanSession it, Times times) {
    return new OrphanSession(
        it.number(), it.id(), times, it.names(), it.addresses(), it.position());
  }

  private static OrphanSession with(OrphanSession it, long id) {
    return new OrphanSession(
        it.number(), id, it.times(), it.names(), it.addresses(), it.position());
  }

  private static byte[] changed(byte[] address, int at) {
    byte[] other = address.clone();
    other[at]++;
    return other;
  }

  private static Arguments lie(String what, UnaryOperator<OrphanSession> how) {
    return Arguments.of(what, how);
  }

  static Stream<Arguments> lies() {
    return Stream.of(
        lie("no such listener", s -> with(s, names(s, "x", "one", ""))),
        lie("another listener's", s -> with(s, names(s, "open", "one", ""))),
        lie("no such rule", s -> with(s, names(s, "web", "two", ""))),
        lie("no rule", s -> with(s, names(s, "web", "", ""))),
        lie("a rule that blocks", s -> with(s, names(s, "web", "none", ""))),
        lie("no such class", s -> with(s, names(s, "web", "one", "wide"))),
        lie("id 0", s -> with(s, 0)),
        lie("an id that no reader has", s -> with(s, Long.MAX_VALUE)),
        lie("another client", s -> with(s, client(s, changed(s.addresses().client(), 7)))),
        lie("another client's port", s -> with(s, client(s, changed(s.addresses().client(), 3)))),
        lie("a client of no family", s -> with(s, client(s, new byte[SockAddr.BYTES]))),
        lie("no client", s -> with(s, client(s, NONE))),
        lie("another local address", s -> with(s, local(s, changed(s.addresses().local(), 7)))),
        lie("a peer without a header", s -> with(s, relay(s))),
        lie("a header of a stranger", s -> with(with(s, relay(s)), flags(SessionFlow.RELAYED))),
        lie("another server", s -> with(s, server(s))),
        lie("a flag that is not told", s -> with(s, flags(SessionFlow.LIVE))),
        lie("bytes below 0", s -> with(s, new Position(0, -1, 0, 0, 0, 0))),
        lie("bytes without end", s -> with(s, new Position(0, 0, Long.MAX_VALUE, 0, 0, 0))),
        lie("accepted later", s -> with(s, times(s, 1L << 62, s.times().activity()))),
        lie("moved before", s -> with(s, times(s, s.times().accepted(), 1))),
        lie("never accepted", s -> with(s, times(s, 0, s.times().activity()))));
  }

  private static Names names(OrphanSession s, String listener, String rule, String bandwidth) {
    Names n = s.names();
    return new Names(listener, n.endpoint(), n.acl(), rule, bandwidth, "", "", "", 1);
  }

  private static Addresses client(OrphanSession s, byte[] client) {
    return new Addresses(client, s.addresses().local(), NONE, NONE);
  }

  private static Addresses local(OrphanSession s, byte[] local) {
    return new Addresses(s.addresses().client(), local, NONE, NONE);
  }

  private static Addresses relay(OrphanSession s) {
    byte[] real = s.addresses().client();
    return new Addresses(changed(real, 7), s.addresses().local(), real, NONE);
  }

  private static Addresses server(OrphanSession s) {
    Addresses a = s.addresses();
    return new Addresses(a.client(), a.local(), NONE, a.local());
  }

  private static Position flags(int flags) {
    return new Position(flags, 0, 0, 0, 0, 0);
  }

  private static Times times(OrphanSession s, long accepted, long activity) {
    Times t = s.times();
    return new Times(accepted, t.acceptedWallMs(), 1, activity, 0, t.paused());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("lies")
  void shouldLeaveASessionThatIsNotWhatIsSaid(String what, UnaryOperator<OrphanSession> how)
      throws Exception {
    ask();
    link.hello(1, 1);
    link.session(how.apply(honest()), new int[] {client, target});
    assertThat(answer()).as(what).isEqualTo(OrphanLink.Word.LEFT);
    assertNothingEntered();
    link.done(new int[3]);
    assertThat(over()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"listens", "waits", "file", "datagrams"})
  void shouldLeaveASessionWhoseDescriptorIsNoneToForwardWith(String which) throws Exception {
    Socket other = new Socket();
    open.add(other);
    other.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port(targets)));
    int wrong =
        switch (which) {
          case "listens" -> listening;
          case "waits" -> Libc.accept4(targets, 0, 0, Const.SOCK_CLOEXEC);
          case "file" -> Native.constantFile("x", new byte[] {1});
          default -> Libc.socket(Const.AF_INET, Const.SOCK_DGRAM | Const.SOCK_NONBLOCK, 0);
        };
    ask();
    link.hello(1, 1);
    link.session(honest(), new int[] {client, wrong});
    assertThat(answer()).isEqualTo(OrphanLink.Word.LEFT);
    assertNothingEntered();
    link.done(new int[3]);
    assertThat(over()).isZero();
    if (wrong != listening) {
      Libc.close(wrong);
    }
  }
}
