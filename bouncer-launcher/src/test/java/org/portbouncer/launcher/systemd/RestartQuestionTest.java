package org.portbouncer.launcher.systemd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class RestartQuestionTest {

  private static final Map<String, String> UNIT =
      Map.of("NOTIFY_SOCKET", "/run/systemd/notify", "BOUNCER_UNIT", "edge.service");

  private final RestartQuestion question = new RestartQuestion(UNIT);

  @Test
  void shouldAskNobodyWhereNoManagerOrNoUnitIsKnown() {
    assertThat(question.canBeAsked()).isTrue();
    assertThat(new RestartQuestion(Map.of()).canBeAsked()).isFalse();
    assertThat(new RestartQuestion(Map.of("BOUNCER_UNIT", "edge.service")).canBeAsked()).isFalse();
    assertThat(new RestartQuestion(Map.of("NOTIFY_SOCKET", "/run/systemd/notify")).canBeAsked())
        .isFalse();
  }

  @Test
  void shouldSeeARestartOfItsOwnUnitAlone() {
    assertThat(question.namesRestart("31 edge.service restart running\n")).isTrue();
    assertThat(
            question.namesRestart("7 a.service start waiting\n 31  edge.service  restart running"))
        .isTrue();
    assertThat(question.namesRestart("31 edge.service stop running\n")).isFalse();
    assertThat(question.namesRestart("31 other.service restart running\n")).isFalse();
    assertThat(question.namesRestart("restart\nedge.service restart\n\n")).isFalse();
    assertThat(question.namesRestart("")).isFalse();
  }
}
