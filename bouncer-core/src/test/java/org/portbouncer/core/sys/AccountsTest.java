package org.portbouncer.core.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class AccountsTest {

  @Test
  void shouldKnowRoot() {
    assertThat(Accounts.user("root")).contains(new Accounts.User("root", 0, 0));
    assertThat(Accounts.group("root")).hasValue(0);
  }

  @Test
  void shouldFindNobodyOfAnUnknownName() {
    for (String name : List.of("no.such.name", "", "ro", "root:x", "0", "a".repeat(10_000))) {
      assertThat(Accounts.user(name)).as(name).isEmpty();
      assertThat(Accounts.group(name)).as(name).isEmpty();
    }
  }

  @Test
  void shouldAgreeWithTheSystemOnEveryUser() throws IOException {
    for (String line : Files.readAllLines(Path.of("/etc/passwd"), StandardCharsets.ISO_8859_1)) {
      String[] fields = line.split(":", -1);
      if (fields.length < 7) {
        continue;
      }
      Accounts.User user = Accounts.user(fields[0]).orElseThrow();
      assertThat(user.uid()).isEqualTo(Integer.parseUnsignedInt(fields[2]));
      assertThat(user.gid()).isEqualTo(Integer.parseUnsignedInt(fields[3]));
    }
  }

  @Test
  void shouldFindAllGroupsOfAUser() throws Exception {
    for (String name : List.of("root", "nobody")) {
      Accounts.User user = Accounts.user(name).orElseThrow();
      Process id = new ProcessBuilder("id", "-G", name).start();
      String[] expected =
          new String(id.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
              .strip()
              .split(" ", -1);
      assertThat(id.waitFor()).isZero();
      assertThat(Arrays.stream(Accounts.groups(name, user.gid())).mapToObj(Integer::toString))
          .containsExactlyInAnyOrder(expected);
    }
  }
}
