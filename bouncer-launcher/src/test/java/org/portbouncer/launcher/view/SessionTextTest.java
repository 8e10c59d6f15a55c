package org.portbouncer.launcher.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What one cell says of a session. */
class SessionTextTest {

  private static Answer session(Map<String, String> values) {
    return new Answer(new HashMap<>(values));
  }

  @Test
  void shouldNameTheMemberWhenTheTargetIsAGroup() {
    Answer session =
        session(Map.of("target", "group:app", "member", "#1", "server", "127.0.0.1:9001"));
    assertThat(SessionText.target(session)).isEqualTo("group:app/#1");
  }

  @Test
  void shouldNameNobodyWhileNoMemberIsChosen() {
    assertThat(SessionText.target(session(Map.of("target", "group:app")))).isEqualTo("group:app");
  }

  @Test
  void shouldGiveTheAddressThatWasChosenOfAList() {
    Answer session = session(Map.of("target", "a:1,b:1", "member", "#2", "server", "192.0.2.2:1"));
    assertThat(SessionText.target(session)).isEqualTo("192.0.2.2:1");
  }

  @Test
  void shouldNameTheChainWhenProxiesLeadThere() {
    Answer session = session(Map.of("target", "a:1", "server", "192.0.2.9:1080", "via", "out"));
    assertThat(SessionText.target(session)).isEqualTo("a:1 via out");
  }

  @Test
  void shouldNameTheRuleWithItsList() {
    assertThat(SessionText.rule(session(Map.of("acl", "office", "rule", "all"))))
        .isEqualTo("office/all");
    assertThat(SessionText.rule(session(Map.of()))).isEqualTo("-");
  }
}
