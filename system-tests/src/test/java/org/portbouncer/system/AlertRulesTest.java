package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When the alerts about members fire, as Prometheus' own promtool reckons it. */
class AlertRulesTest {

  @Test
  void shouldTellOfMembersThatAreLostAndNotOfThoseThatWereTakenOut(@TempDir Path folder)
      throws Exception {
    CommandResult found = CommandResult.run(null, List.of("sh", "-c", "command -v promtool"));
    assumeTrue(found.exit() == 0, "promtool is not installed (Debian: package prometheus)");
    Path tests =
        Files.writeString(
            folder.resolve("tests.yml"),
            """
            rule_files: ["%s"]
            evaluation_interval: 15s
            tests:
              - interval: 15s
                input_series:
                  - { series: 'bouncer_target_up{instance="x",group="app",member="a"}', values: "1x4 0x40" }
                  - { series: 'bouncer_target_up{instance="x",group="app",member="b"}', values: "0x60" }
                  - { series: 'bouncer_target_up{instance="x",group="app",member="c"}', values: "1x60" }
                  - { series: 'bouncer_target_up{instance="x",group="gone",member="d"}', values: "0x60" }
                  - { series: 'bouncer_target_taken_out{instance="x",group="app",member="a"}', values: "0x60" }
                  - { series: 'bouncer_target_taken_out{instance="x",group="app",member="b"}', values: "1x60" }
                  - { series: 'bouncer_target_taken_out{instance="x",group="gone",member="d"}', values: "1x60" }
                  - { series: 'bouncer_target_connects_total{instance="x",group="app",member="c",outcome="ok"}', values: "0+8x60" }
                  - { series: 'bouncer_target_connects_total{instance="x",group="app",member="c",outcome="timeout"}', values: "0+2x60" }
                alert_rule_test:
                  - { eval_time: 2m, alertname: BouncerMemberLost, exp_alerts: [] }
                  - eval_time: 5m
                    alertname: BouncerMemberLost
                    exp_alerts:
                      - exp_labels: { severity: warning, instance: x, group: app, member: a }
                        exp_annotations:
                          summary: "a of app is down on x, and nobody has taken it out"
                          description: "bouncer targets says since when, and what its last check and the last connection to it came to."
                  - eval_time: 5m
                    alertname: BouncerGroupLost
                    exp_alerts:
                      - exp_labels: { severity: critical, instance: x, group: gone }
                        exp_annotations:
                          summary: "no member of gone is up on x"
                          description: "bouncer targets says of each member since when, and what its last check and the last connection to it came to."
                  - eval_time: 12m
                    alertname: BouncerMemberFails
                    exp_alerts:
                      - exp_labels: { severity: warning, instance: x, group: app, member: c }
                        exp_annotations:
                          summary: "20%% of the connections to c of app fail on x"
                          description: "Its sessions go to other members as long as one is up; it may want a check, or a smaller weight."
                  - { eval_time: 12m, alertname: BouncerMemberTakenOut, exp_alerts: [] }
            """
                .formatted(Checkout.root().resolve("conf/prometheus-alerts.yml")));
    CommandResult result =
        CommandResult.run(folder, List.of("promtool", "test", "rules", tests.toString()));
    assertThat(result.exit()).as(result.allText()).isZero();
  }
}
