package org.portbouncer.launcher.top;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.portbouncer.launcher.admin.Json;
import org.portbouncer.launcher.admin.SampleAnswers;
import org.portbouncer.launcher.figures.Figures;
import org.portbouncer.launcher.figures.SampleFigures;
import org.portbouncer.launcher.view.Answer;

class LastMinuteTest {

  private final LastMinute history = new LastMinute();

  @Test
  void shouldHaveNoRatesAfterOneLook() throws Exception {
    Model model = history.add(Samples.at(4700, 10, 3));
    assertThat(model.all().now()).isEqualTo(PerSecond.NONE);
    assertThat(model.workers().getLast().cpu()).isZero();
    assertThat(model.all().up()).hasSize(60).containsOnly(Double.NaN);
  }

  @Test
  void shouldMakeRatesOfTwoLooks() throws Exception {
    var _ = history.add(Samples.at(4700, 10, 3));
    Model model = history.add(Samples.at(4700, 14, 3));
    assertThat(model.listeners().getFirst().name()).as("the busiest").isEqualTo("web");
    assertThat(model.listeners().getFirst().traffic().now())
        .isEqualTo(new PerSecond(2, 1024, 2048));
    assertThat(model.all().now()).isEqualTo(new PerSecond(2, 1024, 2048));
    assertThat(model.workers().getLast().cpu()).isEqualTo(0.5);
    assertThat(model.classes().getFirst().name()).as("the one waited for").isEqualTo("slow");
    assertThat(model.classes().getFirst().waiting()).isEqualTo(3);
    assertThat(model.classes().getFirst().upRate()).isZero();
    assertThat(model.classes().getFirst().downRate()).isEqualTo(2048);
    double[] up = model.all().up();
    assertThat(up).endsWith(1024, 1024, 1024, 1024);
    assertThat(up[55]).as("five seconds ago nobody looked").isNaN();
  }

  @Test
  void shouldForgetWhatIsOlderThanAMinute() throws Exception {
    for (int second = 0; second <= 50; second += 10) {
      var _ = history.add(Samples.at(4700, second, 0));
    }
    // A pause of two minutes is one step, and all that is left.
    Model model = history.add(Samples.at(4700, 170, 0));
    assertThat(model.all().down()).hasSize(60).containsOnly(2048);
  }

  @Test
  void shouldBeginAnewWithAnotherServer() throws Exception {
    var _ = history.add(Samples.at(4700, 10, 3));
    var _ = history.add(Samples.at(4700, 11, 3));
    Model model = history.add(Samples.at(5000, 12, 3));
    assertThat(model.all().now()).isEqualTo(PerSecond.NONE);
    assertThat(model.all().up()).containsOnly(Double.NaN);
  }

  @Test
  void shouldNotLetTheServerSendCommandsToTheTerminal() throws Exception {
    Snapshot hostile = Samples.at(4700, 1, 0);
    Snapshot named =
        new Snapshot(
            1,
            1,
            hostile.query(),
            hostile.status(),
            List.of(Answer.of(Json.parseObject("{\"group\":\"app\",\"member\":\"\\u001b[2J\"}"))),
            Answer.of(
                Json.parseObject("{\"sessions\":[{\"id\":1,\"client\":\"unix:/\\u001b[2J\"}]}")));
    assertThat(history.add(named).sessions().getFirst().client()).isEqualTo("unix:/\\u001b[2J");
    assertThat(history.add(named).members().getFirst().name()).isEqualTo("\\u001b[2J");
  }

  private static Snapshot answered(long second, Figures figures) throws Exception {
    Snapshot other = Samples.at(4700, second, 0);
    List<String> answers = SampleAnswers.of(figures);
    return new Snapshot(
        other.nanos(),
        other.wallMs(),
        other.query(),
        Answer.of(Json.parseObject(answers.getFirst())),
        Json.parseArray(answers.get(1)).stream().map(Answer::of).toList(),
        other.heaviest());
  }

  /** What is left out of an answer, or has another key there, shows as 0 or "-". */
  @Test
  void shouldFindWhatItShowsInWhatTheServerAnswers() throws Exception {
    var _ = history.add(answered(10, SampleFigures.one()));
    Figures later = SampleFigures.with(List.of(SampleFigures.listener("web", 1500, 4000)));
    Model model = history.add(answered(11, later));
    assertThat(model.server())
        .isEqualTo(new Model.Server("1.2.3", 4700, "ready", List.of(), 60_000, 5, 3, 10_000));
    Model.ListenerRow listener = model.listeners().getFirst();
    assertThat(listener.active()).isEqualTo(3);
    assertThat(listener.failed()).isEqualTo(62);
    assertThat(listener.lastError()).isEqualTo("connection refused");
    assertThat(listener.lastFailed()).startsWith("2026-11-27T");
    assertThat(listener.traffic().now()).isEqualTo(new PerSecond(0, 500, 2000));
    Model.MemberRow member = model.members().getFirst();
    assertThat(member.group() + "/" + member.name()).isEqualTo("app/a");
    assertThat(member.address()).isEqualTo("192.0.2.10:80");
    assertThat(member.state()).isEqualTo("down");
    assertThat(member.weight()).isEqualTo("2");
    assertThat(member.sessions()).isEqualTo("3/500");
    assertThat(member.failed()).isEqualTo(22 + 23 + 24);
    assertThat(model.workers())
        .containsExactly(new Model.WorkerRow("io/1", "ready", 3, 0, 61_000_000));
    assertThat(model.classes())
        .containsExactly(new Model.ClassRow("slow", 1_048_576, 1_000_000, "rule", 2, 0, 0, 0));
  }

  private static Snapshot failedOnce(long wallMs) throws Exception {
    Snapshot other = Samples.at(4700, 1, 0);
    return new Snapshot(
        wallMs,
        wallMs,
        other.query(),
        Answer.of(
            Json.parseObject(
                """
                {"pid":4700,"listeners":{
                  "busy":{"active":9,"failed":0,"last_error":null},
                  "printers":{"active":0,"failed":1,"last_error":{
                    "what":"connection refused","last":"2026-11-27T10:00:00Z","count":1}},
                  "older":{"active":0,"failed":1,"last_error":{"what":"timeout","last":"-"}}}}
                """)),
        List.of(),
        other.heaviest());
  }

  private static Snapshot withMembers(long second, long connected) throws Exception {
    Snapshot other = Samples.at(4700, second, 0);
    String format =
        """
        {"group":"app","member":"%s","address":"192.0.2.1:80","state":"%s","weight":1,"sessions":2,
         "max_sessions":9,"since":"2026-11-27T10:00:00Z","backup":%s,
         "connects":{"ok":%d,"refused":1,"timeout":2,"error":3},"last_check":%s,"last_error":%s}
        """;
    String check = "{\"ok\":false,\"what\":\"no answer in time\",\"at\":\"2026-11-27T10:00:08Z\"}";
    String old = "{\"what\":\"connection refused\",\"last\":\"2026-11-27T09:00:00Z\",\"count\":3}";
    String lately = old.replace("09:00:00", "10:00:01");
    List<Answer> members =
        List.of(
            Answer.of(Json.parseObject(format.formatted("a", "up", false, connected, "null", old))),
            Answer.of(Json.parseObject(format.formatted("b", "off", false, 0, "null", "null"))),
            Answer.of(Json.parseObject(format.formatted("c", "up", false, 0, "null", lately))),
            Answer.of(Json.parseObject(format.formatted("d", "down", true, 0, check, "null"))));
    return new Snapshot(
        other.nanos(), other.wallMs(), other.query(), other.status(), members, other.heaviest());
  }

  @Test
  void shouldPutMembersFirstThatSomebodyHasToLookAfter() throws Exception {
    var _ = history.add(withMembers(10, 100));
    Model model = history.add(withMembers(12, 130));
    assertThat(model.members())
        .extracting(Model.MemberRow::name)
        .containsExactly("d (backup)", "c", "b", "a");
    Model.MemberRow down = model.members().getFirst();
    assertThat(down.inStateMs()).isEqualTo(12_000);
    assertThat(down.lastCheck()).isEqualTo("no answer in time, 4.0s ago");
    assertThat(down.failed()).isEqualTo(6);
    Model.MemberRow up = model.members().getLast();
    assertThat(up.rate()).isEqualTo(15);
    assertThat(up.sessions()).isEqualTo("2/9");
    assertThat(up.lastError()).isEqualTo("connection refused, 3 times, 1h00m ago");
  }

  @Test
  void shouldPutAListenerFirstForFiveMinutesAfterItFailed() throws Exception {
    long then = 1_795_773_600_000L;
    Model.ListenerRow first = history.add(failedOnce(then + 299_000)).listeners().getFirst();
    assertThat(first.name()).isEqualTo("printers");
    assertThat(first.failing()).isTrue();
    Model later = history.add(failedOnce(then + 301_000));
    assertThat(later.listeners().getFirst().name()).isEqualTo("busy");
    assertThat(later.listeners()).noneMatch(Model.ListenerRow::failing);
  }
}
