package org.portbouncer.launcher.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SessionViewTest {

  @ParameterizedTest
  @CsvSource({"office,staff,office/staff", "office,,office/-", ",,-"})
  void shouldNameTheRuleAsFarAsThereIsOne(String acl, String rule, String shown) {
    SessionView session =
        new SessionView(
            1,
            "web",
            "10.0.0.1:1",
            "10.0.0.2:2",
            "10.0.0.3:3",
            acl,
            rule,
            null,
            "queued-acl",
            1,
            "inline",
            0,
            0,
            0,
            0,
            0,
            0,
            null,
            null,
            null,
            0,
            null,
            List.of());
    assertThat(session.decision()).isEqualTo(shown);
  }
}
