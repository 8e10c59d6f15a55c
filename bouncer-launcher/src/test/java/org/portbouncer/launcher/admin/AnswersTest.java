package org.portbouncer.launcher.admin;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/**
 * The names and their order are public: these texts change only together with the documentation.
 */
class AnswersTest {

  private final FakeOperations server = new FakeOperations();

  @Test
  void shouldWriteStatusInTheDocumentedShape() {
    assertThat(Answers.status(server.figures()))
        .isEqualTo(
            """
            {"version":"1.2.3","pid":4700,"uptime_s":3725,"epoch":1,"ready":false,\
            "state":"degraded","reasons":[{"what":"stage acl",\
            "since":"2026-11-27T10:23:20.123Z","detail":"no worker serves"}],"listeners":{\
            "web":{"listen":"0.0.0.0:8080","target":"192.0.2.10:80","accepted":9,"active":2,\
            "passed":7,"blocked":1,"limited":1,"failed":2,"bytes_up":1536,"bytes_down":5,\
            "last_error":{"what":"connection refused","since":"2026-11-27T10:23:20.123Z",\
            "last":"2026-11-27T10:23:21.123Z","count":3}},\
            "mail":{"listen":["0.0.0.0:25","[::]:25"],"target":"unix:/m","accepted":1,"active":1,\
            "passed":1,"blocked":0,"limited":0,"failed":0,"bytes_up":0,"bytes_down":0,"last_error":null}},\
            "workers":[{"stage":"acl","index":0,"pid":4708,"state":"ready","restarts":0,\
            "sessions":0,"rss_bytes":67108864,"cpu_ms":1250},{"stage":"io","index":1,"pid":4711,\
            "state":"throttled","restarts":3,"sessions":3,"rss_bytes":1000,"cpu_ms":7,\
            "last_end":"exit code 1","next_start_ms":2300}],\
            "spares":[{"index":0,"pid":4720,"state":"waiting","rss_bytes":41943040},\
            {"index":1,"pid":4721,"state":"starting","rss_bytes":1000}],\
            "state_transfer":{"mode":"inline","spilled":0,"slots_total":0,"slots_used":0},\
            "limits":{"max_sessions":10000,"active":3},\
            "bandwidth":{"slow":{"up":1048576,"down":null,"burst":20971,"shared_by":"rule",\
            "sessions":2,"bytes_up":4000,"bytes_down":5000,"throttled_s":61.5}},\
            "access_log":{"to":"file","lines_left_out":7,\
            "trouble":"/var/log/b.log: no space left on device"},\
            "server_log":{"lines_left_out":9}}\
            """);
  }

  @Test
  void shouldWriteSessionsInTheDocumentedShapeWithNullForWhatIsNotThere() {
    assertThat(Answers.sessions(server.sessions().subList(2, 3)))
        .isEqualTo(
            """
            [{"id":19,"listener":"mail","client":"192.0.2.7:40002","local":"127.0.0.1:8080",\
            "target":"192.0.2.10:80","acl":null,"rule":null,"bandwidth":null,"state":"forward",\
            "worker_pid":4711,"transfer":"inline","state_bytes":312,"age_ms":61500,"idle_ms":250,\
            "bytes_up":1536,"bytes_down":5,"throttled_ms":0,\
            "peer":null,"member":null,"server":"192.0.2.10:80","attempts":1,"via":null,"hops":[{"stage":"negotiate","pid":4707,\
            "received_us":120},{"stage":"acl","pid":4708,"received_us":233}]}]\
            """);
  }

  @Test
  void shouldWriteTheHeaviestSessionsWithTheirRates() {
    HeaviestView heaviest = server.watch().heaviest(SessionOrder.RATE, 1, "mail");
    assertThat(Answers.heaviest(heaviest))
        .startsWith("{\"total\":3,\"matching\":1,\"sessions\":[{\"id\":19,\"listener\":\"mail\",")
        .endsWith("\"received_us\":233}],\"up_rate\":19,\"down_rate\":19000}]}");
  }

  @Test
  void shouldFindASessionByAnyTextThatPeopleSeeOfIt() {
    SessionView session = server.sessions().getFirst();
    for (String text : new String[] {"", "17", "web", "10.1.2.3:4", "0.2.10:80", "office/staff"}) {
      assertThat(session.mentions(text)).as(text).isTrue();
    }
    assertThat(session.mentions("10.1.2.4")).isFalse();
    assertThat(session.mentions("inline")).isFalse();
    assertThat(server.sessions().getLast().decision()).isEqualTo("-");
  }

  @Test
  void shouldWriteTheSmallAnswers() {
    assertThat(Answers.killed(2)).isEqualTo("{\"killed\":2}");
    assertThat(Answers.stopping(true, 3, 17))
        .isEqualTo("{\"stopping\":true,\"now\":true,\"active\":3,\"pid\":17}");
    assertThat(Answers.error("no \"x\"", 2)).isEqualTo("{\"error\":\"no \\\"x\\\"\",\"code\":2}");
  }
}
