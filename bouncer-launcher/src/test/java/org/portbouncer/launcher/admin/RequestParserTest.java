package org.portbouncer.launcher.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestParserTest {

  @ParameterizedTest
  @ValueSource(strings = {"status", "  status --json ", "{\"command\":\"status\"}"})
  void shouldReadStatus(String line) throws Exception {
    assertThat(RequestParser.parse(line)).isEqualTo(new Request.Status());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"kill 17 18 17", "{\"command\":\"kill\",\"ids\":[17,18]}", "kill\t17  18\r"})
  void shouldReadIdsOnceEach(String line) throws Exception {
    assertThat(RequestParser.parse(line)).isEqualTo(new Request.KillIds(List.of(17L, 18L)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sessions --listener web --from 10.0.0.0/8",
        "sessions --from=10.0.0.0/8 --listener=web",
        "{\"command\":\"sessions\",\"listener\":\"web\",\"from\":\"10.0.0.0/8\"}"
      })
  void shouldReadFilters(String line) throws Exception {
    assertThat(RequestParser.parse(line))
        .isInstanceOfSatisfying(
            Request.Sessions.class,
            request -> {
              assertThat(request.filter().listener()).isEqualTo("web");
              assertThat(request.filter().from().containsEndpoint("10.9.9.9:1")).isTrue();
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "top --most 7 --by idle --match 10.1",
        "{\"command\":\"top\",\"most\":7,\"by\":\"idle\",\"match\":\"10.1\"}"
      })
  void shouldReadWhichSessionsAreHeaviest(String line) throws Exception {
    assertThat(RequestParser.parse(line)).isEqualTo(new Request.Top(7, SessionOrder.IDLE, "10.1"));
  }

  @Test
  void shouldTakeTheBusiestFiftyWhereTopSaysNothingElse() throws Exception {
    assertThat(RequestParser.parse("top")).isEqualTo(new Request.Top(50, SessionOrder.RATE, ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"stop --now", "{\"command\":\"stop\",\"now\":true}"})
  void shouldReadStopNow(String line) throws Exception {
    assertThat(RequestParser.parse(line)).isEqualTo(new Request.Stop(true));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "limit slow --up 1 MiB/s --down 8Mbit/s",
        "limit --up=1MiB/s --down 8 Mbit/s slow",
        "{\"command\":\"limit\",\"class\":\"slow\",\"up\":\"1 MiB/s\",\"down\":\"8 Mbit/s\"}"
      })
  void shouldReadLimits(String line) throws Exception {
    assertThat(RequestParser.parse(line))
        .isEqualTo(new Request.Limit("slow", 1L << 20, 1_000_000L));
  }

  @Test
  void shouldReadALimitOfOneWayAndOneThatIsNone() throws Exception {
    assertThat(RequestParser.parse("limit 17 --up none"))
        .isEqualTo(new Request.Limit("17", 0L, null));
    assertThat(RequestParser.parse(Requests.limit("a b", null, "1 kbit/s")))
        .isEqualTo(new Request.Limit("a b", null, 125L));
  }

  @Test
  void shouldUnderstandWhatTheCommandsSend() throws Exception {
    assertThat(RequestParser.parse(Requests.status())).isEqualTo(new Request.Status());
    assertThat(RequestParser.parse(Requests.killIds(17, 18)))
        .isEqualTo(new Request.KillIds(List.of(17L, 18L)));
    assertThat(RequestParser.parse(Requests.killFrom("::/0"))).isInstanceOf(Request.KillFrom.class);
    assertThat(RequestParser.parse(Requests.move("io/1"))).isEqualTo(new Request.Move("io/1"));
    assertThat(RequestParser.parse("move 4711")).isEqualTo(new Request.Move("4711"));
    assertThat(RequestParser.parse(Requests.upgrade("/opt/a b", true)))
        .isEqualTo(new Request.Upgrade("/opt/a b", true));
    assertThat(RequestParser.parse("upgrade /opt/b"))
        .isEqualTo(new Request.Upgrade("/opt/b", false));
    assertThat(RequestParser.parse(Requests.stop(false))).isEqualTo(new Request.Stop(false));
    assertThat(RequestParser.parse(Requests.top(9, SessionOrder.AGE, "a \"b\"")))
        .isEqualTo(new Request.Top(9, SessionOrder.AGE, "a \"b\""));
    assertThat(RequestParser.parse(Requests.sessions("a \"b\"", null)))
        .isEqualTo(new Request.Sessions(new SessionFilter("a \"b\"", null)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "   ",
        "reboot",
        "status 17",
        "stop 17",
        "stop --from 10.0.0.0/8",
        "kill",
        "kill 17 --from 10.0.0.0/8",
        "kill seventeen",
        "kill -17",
        "kill 99999999999999999999",
        "kill 9999999999999999999",
        "kill --from",
        "kill --from nowhere",
        "sessions --now",
        "top 17",
        "top --most 0",
        "top --most 1001",
        "top --most -1",
        "top --by weight",
        "status --most 3",
        "{\"command\":\"top\",\"most\":1.5}",
        "limit",
        "limit slow",
        "limit --up 1MiB/s",
        "limit slow --up",
        "limit slow --up fast",
        "limit slow --up 1",
        "limit slow fast --up 1MiB/s",
        "limit slow --up 1MiB/s --now",
        "kill 17 --up 1MiB/s",
        "move",
        "move io/0 io/1",
        "move io/0 --now",
        "upgrade",
        "upgrade opt/b",
        "upgrade /opt/b --now",
        "{\"command\":\"limit\",\"class\":\"slow\",\"up\":5}",
        "{",
        "{}",
        "{\"command\":17}",
        "{\"command\":\"kill\",\"ids\":17}",
        "{\"command\":\"kill\",\"ids\":[]}",
        "{\"command\":\"kill\",\"ids\":[1.5]}",
        "{\"command\":\"kill\",\"ids\":[null]}",
        "{\"command\":\"kill\",\"ids\":[-1]}",
        "{\"command\":\"kill\",\"ids\":[99999999999999999999]}",
        "{\"command\":\"kill\",\"idz\":[17]}",
        "{\"command\":\"stop\",\"now\":\"yes\"}",
        "{\"command\":\"status\"} {\"command\":\"stop\"}",
        "{\"command\":\"status\",\"command\":\"stop\"}",
        "[\"status\"]",
        "\u0000\u0001\ufffd"
      })
  void shouldRefuseWhatItDoesNotFullyUnderstand(String line) {
    assertThatThrownBy(() -> RequestParser.parse(line))
        .isInstanceOf(RequestParser.BadRequestException.class)
        .message()
        .isNotBlank()
        .doesNotContain("\n", "\u0000");
  }

  @Test
  void shouldRefuseDeepNestingWithoutFallingOver() {
    assertThatThrownBy(() -> RequestParser.parse("{\"ids\":" + "[".repeat(60_000)))
        .isInstanceOf(RequestParser.BadRequestException.class);
  }
}
