package org.portbouncer.negotiator.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.negotiator.connect.TargetSockets.Address;

class AddressBookTest {

  private static final Endpoint TARGET = name(443);

  private final AddressBook book = new AddressBook();

  private static Endpoint name(int port) {
    String host = "app.example.net";
    return new Endpoint(Endpoint.Kind.NAME, host + ":" + port, host, port, "");
  }

  private static InetAddress[] found(String... literals) {
    return Stream.of(literals).map(InetAddress::ofLiteral).toArray(InetAddress[]::new);
  }

  private static Address address(String literal) {
    return new Address(InetAddress.ofLiteral(literal), 443, false);
  }

  private static Address[] addresses(String... literals) {
    return Stream.of(literals).map(AddressBookTest::address).toArray(Address[]::new);
  }

  @Test
  void shouldTakeTheFamiliesInTurnBeginningWithTheResolversFirst() {
    InetAddress[] six = found("2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1");
    assertThat(book.order(TARGET, six, 0))
        .containsExactly(addresses("2001:db8::1", "192.0.2.1", "2001:db8::2", "2001:db8::3"));
    InetAddress[] four = found("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2");
    assertThat(book.order(TARGET, four, 0))
        .containsExactly(addresses("192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:db8::2"));
  }

  @Test
  void shouldBeginWithTheOneThatAnsweredWhenItIsStillAmongThem() {
    book.order(TARGET, found("192.0.2.1", "192.0.2.2", "192.0.2.3"), 0);
    book.answered(TARGET, address("192.0.2.3"), 0);
    assertThat(book.order(TARGET, found("192.0.2.1", "192.0.2.2", "192.0.2.3"), 1))
        .containsExactly(addresses("192.0.2.3", "192.0.2.1", "192.0.2.2"));
    assertThat(book.order(TARGET, found("192.0.2.2", "192.0.2.3"), 2))
        .containsExactly(addresses("192.0.2.3", "192.0.2.2"));
    assertThat(book.order(TARGET, found("192.0.2.1", "192.0.2.2"), 3))
        .containsExactly(addresses("192.0.2.1", "192.0.2.2"));
  }

  @Test
  void shouldGoBackToTheResolversOrderAfterAWhile() {
    InetAddress[] both = found("192.0.2.1", "192.0.2.2");
    book.order(TARGET, both, 0);
    book.answered(TARGET, address("192.0.2.2"), 5);
    book.order(TARGET, both, 5);
    // Answering again, as the first now, does not make it last longer.
    book.answered(TARGET, address("192.0.2.2"), 6);
    assertThat(book.order(TARGET, both, 5 + AddressBook.REMEMBERED_NANOS))
        .containsExactly(addresses("192.0.2.2", "192.0.2.1"));
    assertThat(book.order(TARGET, both, 6 + AddressBook.REMEMBERED_NANOS))
        .containsExactly(addresses("192.0.2.1", "192.0.2.2"));
  }

  @Test
  void shouldGiveTheSameArrayWhileNothingChanges() {
    Address[] first = book.order(TARGET, found("192.0.2.1"), 0);
    assertThat(book.order(TARGET, found("192.0.2.1"), 1)).isSameAs(first);
  }

  @Test
  void shouldKeepTargetsApartWhenTheyDifferInTheirPortAlone() {
    Endpoint other = name(80);
    InetAddress[] both = found("192.0.2.1", "192.0.2.2");
    book.order(TARGET, both, 0);
    book.order(other, both, 0);
    book.answered(TARGET, address("192.0.2.2"), 0);
    assertThat(book.order(other, both, 1)[0])
        .isEqualTo(new Address(InetAddress.ofLiteral("192.0.2.1"), 80, false));
  }
}
