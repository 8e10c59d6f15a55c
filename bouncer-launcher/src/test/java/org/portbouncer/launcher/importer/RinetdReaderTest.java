package org.portbouncer.launcher.importer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RinetdReaderTest {

  @TempDir private Path folder;

  private Trial trial(String text) throws Exception {
    return Trial.of(SourceFormat.RINETD, folder, text);
  }

  @Test
  void shouldCarryOverAllWhenFileIsLikeThatOfThePackage() throws Exception {
    Trial trial =
        trial(
            """
            # only addresses here, no names
            allow 192.168.2.*
            deny 192.168.2.1?

            # bindaddress bindport connectaddress connectport
            0.0.0.0     8080    192.0.2.10    http
            ::1 8081    app.example.net 80/tcp   # a name
            127.0.0.1 4000 fe80::1%lo 3000
            """
                .replace("fe80::1%lo", "2001:db8::7"));

    assertThat(trial.listen("port-8080")).containsExactly("0.0.0.0:8080");
    assertThat(trial.target("port-8080")).isEqualTo("192.0.2.10:80");
    assertThat(trial.listen("port-8081")).containsExactly("[::1]:8081");
    assertThat(trial.target("port-8081")).isEqualTo("app.example.net:80");
    assertThat(trial.target("port-4000")).isEqualTo("[2001:db8::7]:3000");
    assertThat(trial.passes("port-8080", "192.168.2.9")).isTrue();
    assertThat(trial.passes("port-8080", "192.168.2.10")).isFalse();
    assertThat(trial.passes("port-8080", "192.168.2.19")).isFalse();
    assertThat(trial.passes("port-8080", "192.168.2.1")).isTrue();
    assertThat(trial.passes("port-8080", "192.168.3.1")).isFalse();
    assertThat(trial.imported().text()).contains("source.conf:6: 0.0.0.0 8080 192.0.2.10 http");
  }

  @Test
  void shouldCarryDatagramsOverWhenBothSidesSendThem() throws Exception {
    Trial trial =
        trial(
            """
            deny 10.0.0.7
            0.0.0.0 5353/udp 192.0.2.1 domain/udp [timeout=5,src=192.0.2.9]
            allow 10.*
            :: 6969/udp 192.0.2.1 69/udp [timeout=0]
            0.0.0.0 5353 192.0.2.1 53
            0.0.0.0 5354/udp 192.0.2.1 53/tcp
            0.0.0.0 5355/tcp 192.0.2.1 53/udp
            """);

    assertThat(trial.configuration().listeners()).hasSize(3);
    assertThat(trial.listen("udp-5353")).containsExactly("udp:0.0.0.0:5353");
    assertThat(trial.target("udp-5353")).isEqualTo("udp:192.0.2.1:53");
    assertThat(trial.listener("udp-5353").timeouts().udpMs()).isEqualTo(5_000);
    assertThat(trial.listener("udp-6969").timeouts().udpMs()).isEqualTo(72_000);
    assertThat(trial.target("port-5353")).isEqualTo("192.0.2.1:53");
    assertThat(trial.passes("udp-5353", "10.0.0.7")).isFalse();
    assertThat(trial.passes("udp-5353", "10.0.0.8")).isTrue();
    assertThat(trial.passes("udp-5353", "11.0.0.8")).isFalse();
    assertThat(trial.remarks())
        .anyMatch(text -> text.startsWith("2: note: rinetd forgets a client 5 s after"))
        .anyMatch(text -> text.startsWith("2: src: the target sees"))
        .anyMatch(text -> text.startsWith("6: left out, nobody can reach port 5354"))
        .anyMatch(text -> text.startsWith("7: left out, nobody can reach port 5355"));
  }

  @Test
  void shouldMatchAsTextDoesWhenPatternsAreRandom() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    String signs = "0123459.*?1.*";
    for (int i = 0; i < 300; i++) {
      StringBuilder pattern = new StringBuilder();
      for (int length = 1 + random.nextInt(12); length > 0; length--) {
        pattern.append(signs.charAt(random.nextInt(signs.length())));
      }
      NumberSet matches = DottedPattern.matches(pattern.toString(), "");
      if (matches == null) {
        continue;
      }
      AddressSet set = AddressSet.ofV4(matches);
      String regex = pattern.toString().replace(".", "\\.").replace("*", ".*").replace("?", ".");
      for (int j = 0; j < 50; j++) {
        String address =
            random.nextInt(3) * 5
                + "."
                + random.nextInt(256)
                + "."
                + random.nextInt(20)
                + "."
                + random.nextInt(256);
        assertThat(!set.intersection(AddressSet.parse(address)).isEmpty())
            .as("seed %d: %s and %s", seed, pattern, address)
            .isEqualTo(address.matches(regex));
      }
    }
  }

  @Test
  void shouldLetInOnlyWhoBothListsAllowWhenThereAreGlobalAndOwnLines() throws Exception {
    Trial trial =
        trial(
            """
            allow 10.*
            deny 10.9.*
            0.0.0.0 8080 192.0.2.10 80
            allow 10.1.*
            allow 172.16.*
            deny 10.1.1.1
            0.0.0.0 8081 192.0.2.10 80
            """);

    assertThat(trial.imported().isWhole()).isTrue();
    assertThat(trial.passes("port-8080", "10.1.2.3")).isTrue();
    assertThat(trial.passes("port-8080", "10.1.1.1")).isFalse();
    assertThat(trial.passes("port-8080", "10.2.2.3")).isFalse();
    assertThat(trial.passes("port-8080", "172.16.0.1")).isFalse();
    assertThat(trial.passes("port-8081", "10.2.2.3")).isTrue();
    assertThat(trial.passes("port-8081", "10.9.2.3")).isFalse();
  }

  @Test
  void shouldPassOverTheFirstAccessLineWhenAnotherFollowsAsRinetdDoes() throws Exception {
    Trial trial =
        trial(
            """
            0.0.0.0 8080 192.0.2.10 80
            allow 10.0.0.1
            allow 10.0.0.2
            0.0.0.0 8081 192.0.2.10 80
            allow 10.0.0.3
            """);

    assertThat(trial.passes("port-8080", "10.0.0.1")).isFalse();
    assertThat(trial.passes("port-8080", "10.0.0.2")).isTrue();
    assertThat(trial.passes("port-8080", "10.0.0.3")).isTrue();
    assertThat(trial.passes("port-8081", "10.0.0.3")).isTrue();
    assertThat(trial.passes("port-8081", "10.0.0.2")).isFalse();
    assertThat(trial.remarks())
        .anyMatch(text -> text.startsWith("2: note: rinetd 0.73 passes over"));
    assertThat(trial.remarks()).anyMatch(text -> text.startsWith("5: note: rinetd 0.73 asks this"));
  }

  @Test
  void shouldSeeIpv4ClientsInMappedFormWhenListenerIsOnAnIpv6Address() throws Exception {
    Trial trial =
        trial(
            """
            :: 8080 192.0.2.10 80
            allow 10.*
            0.0.0.0 8079 192.0.2.10 80
            :: 8081 192.0.2.10 80
            allow ::ffff:10.*
            """);

    assertThat(trial.passes("port-8080", "10.0.0.1")).isFalse();
    assertThat(trial.passes("port-8081", "10.0.0.1")).isTrue();
    assertThat(trial.passes("port-8081", "11.0.0.1")).isFalse();
  }

  @Test
  void shouldBlockMoreAndSaySoWhenPatternIsNoListOfNetworks() throws Exception {
    Trial trial =
        trial(
            """
            deny *.7
            0.0.0.0 8080 192.0.2.10 80
            """);

    assertThat(trial.imported().isWhole()).isFalse();
    assertThat(trial.passes("port-8080", "10.0.0.8")).isFalse();
    assertThat(trial.remarks()).anyMatch(text -> text.startsWith("1: the pattern is no list"));
  }

  @Test
  void shouldSayWhatIsLeftWhenLinesMixProtocolsOrHaveNoEnd() throws Exception {
    Trial trial =
        trial(
            """
            127.0.0.1 5353/udp 192.0.2.1 53 [timeout=12]
            127.0.0.1 8080 192.0.2.10 80 [src=127.0.0.1,timeout=60]
            logfile /var/log/rinetd.log
            127.0.0.1 8081 192.0.2.10 80\
            """);

    assertThat(trial.configuration().listeners()).hasSize(1);
    assertThat(trial.remarks())
        .anyMatch(text -> text.startsWith("1: left out, nobody can reach port 5353"))
        .anyMatch(text -> text.startsWith("2: src: "))
        .anyMatch(text -> text.startsWith("4: note: rinetd leaves out a last line"));
  }

  @Test
  void shouldNameTheLineWhenRinetdWouldNotStart() {
    assertThatThrownBy(() -> trial("0.0.0.0 8080 192.0.2.10\n"))
        .isInstanceOf(UnreadableException.class)
        .hasMessageContaining("source.conf:1: is no line of rinetd.conf");
    assertThatThrownBy(() -> trial("allow 10.0.0.0/8\n"))
        .hasMessageContaining("source.conf:1: '10.0.0.0/8' is no pattern");
    assertThatThrownBy(() -> trial("[::1] 8080 192.0.2.10 80\n")).hasMessageContaining("brackets");
    assertThatThrownBy(() -> trial("0.0.0.0 nosuch 192.0.2.10 80\n"))
        .hasMessageContaining("'nosuch' is neither a port");
    assertThatThrownBy(() -> trial("# nothing\n")).hasMessageContaining("no listener is left");
  }

  @Test
  void shouldLeaveOutAListenerWhenItsAddressIsTakenAlready() throws Exception {
    Trial trial =
        trial(
            """
            127.0.0.1 8080 192.0.2.10 80
            127.0.0.1 8080 192.0.2.11 80
            """);

    assertThat(trial.configuration().listeners()).hasSize(1);
    assertThat(trial.remarks()).hasSize(1);
    assertThat(trial.remarks().getFirst()).startsWith("2: left out, nobody can connect to it");
  }
}
