package org.portbouncer.launcher.top;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jline.utils.AttributedString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.portbouncer.launcher.screen.Key;

class DrawingTest {

  private final View view = new View();

  private static List<String> texts(List<AttributedString> lines) {
    return lines.stream().map(line -> line.toString().stripTrailing()).toList();
  }

  private List<String> draw(Model model, int width, int height) {
    view.follow(model);
    return texts(new Drawing(width, height, false, true).draw(model, view));
  }

  @Test
  void shouldFitEverythingOn80By24() throws Exception {
    assertThat(draw(Samples.model(3), 80, 24))
        .containsExactly(
            "bouncer 1.2.3  pid 4700  degraded  up 2.0s  epoch 2  3 of 10000 sessions",
            "stage acl: no worker serves, since 2026-11-27T10:23:20.123Z",
            "new 2.0/s            █  up 1.0 KiB/s            █  down 2.0 KiB/s            █",
            "LISTENER     ACTIVE   NEW/S       UP/S     DOWN/S LAST MINUTE             FAILED",
            "web               2     2.0    1.0 KiB    2.0 KiB                       █      0",
            "mail              1     0.0        0 B        0 B                       ▁      0",
            "WORKER        SESSIONS   CPU     MEMORY  WORKER        SESSIONS   CPU     MEMORY",
            "acl/0                0        throttled  io/0                 3   50%   64.0 MiB",
            "BANDWIDTH            UP/S     DOWN/S      MOST UP    MOST DOWN SESSIONS  WAITING",
            "slow                  0 B    2.0 KiB      1 MiB/s     no limit        3      3.0",
            "idle                  0 B        0 B     no limit     8 kbit/s        0      0.0",
            "SESSIONS by rate: 3 of 812",
            "     ID LISTENER   CLIENT                 AGE   IDLE       UP/S     DOWN/S",
            "      1 web        10.0.0.1:4000        1m01s  250ms     1000 B    1.5 KiB",
            "      2 web        10.0.0.2:4000        1m01s  250ms    2.0 KiB    1.5 KiB",
            "      3 web        10.0.0.3:4000        1m01s  250ms    2.9 KiB    1.5 KiB",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "q quit  h help  / filter  k kill   sort by  r rate  b bytes  a age  i idle");
  }

  @Test
  void shouldShowMembersThatAreDownOn80By24HoweverManyThereAre() throws Exception {
    List<String> lines = draw(Samples.withMembers(Samples.model(3), 200), 80, 24);
    assertThat(lines)
        .containsSubsequence(
            "TARGET +198      STATE      FOR SESSIONS   NEW/S FAILED LAST FAILURE",
            "app/web-002      down     5m01s        0     0.0      7 connection refused, 31 ~",
            "app/web-001      up       2h00m   12/500     3.5      0 -");
    assertThat(lines).anyMatch(line -> line.startsWith("      3 web "));
    assertThat(lines.getLast()).contains("t targets").hasSizeLessThanOrEqualTo(80);
  }

  @Test
  void shouldShowAllMembersInPlaceOfEverythingElseWhenAskedTo() throws Exception {
    Model model = Samples.withMembers(Samples.model(3), 200);
    var _ = view.press(Key.text('t'), model, 5);
    List<String> first = draw(model, 80, 24);
    assertThat(first).hasSize(24).anyMatch(line -> line.startsWith("app/web-018"));
    assertThat(first).contains("TARGETS: 199 of 200 up, 1 to 18 shown");
    var _ = view.press(Key.of(Key.Kind.END), model, 18);
    List<String> last = draw(model, 80, 24);
    assertThat(last).contains("TARGETS: 199 of 200 up, 183 to 200 shown");
    assertThat(last.get(last.size() - 2)).startsWith("app/web-200");
    assertThat(String.join("\n", draw(model, 160, 24)))
        .contains("ADDRESS", "192.0.2.200:8443", "LAST CHECK", "ok, 1.9s ago");
  }

  /** The same, with sessions of mail that could not reach their target. */
  private static Model failing(boolean lately) throws Exception {
    Model model = Samples.model(3);
    List<Model.ListenerRow> listeners =
        model.listeners().stream()
            .map(
                row ->
                    row.name().equals("mail")
                        ? new Model.ListenerRow(
                            row.name(),
                            row.active(),
                            1234,
                            lately,
                            "connection refused",
                            "2026-11-27T10:23:20.123Z",
                            row.traffic())
                        : row)
            .toList();
    return new Model(
        model.server(),
        model.all(),
        listeners,
        model.members(),
        model.workers(),
        model.classes(),
        model.sessions(),
        model.total(),
        model.matching());
  }

  @Test
  void shouldShowWhatFailedLastOn80ColumnsToo() throws Exception {
    assertThat(draw(failing(true), 80, 24))
        .containsSubsequence(
            "LISTENER     ACTIVE   NEW/S       UP/S     DOWN/S FAILED LAST FAILURE",
            "web               2     2.0    1.0 KiB    2.0 KiB      0",
            "mail              1     0.0        0 B        0 B   1234 connection refused");
  }

  @Test
  void shouldGiveTheGraphItsPlaceBackWhenTheFailureIsLongAgo() throws Exception {
    assertThat(draw(failing(false), 80, 24))
        .containsSubsequence(
            "LISTENER     ACTIVE   NEW/S       UP/S     DOWN/S LAST MINUTE             FAILED",
            "web               2     2.0    1.0 KiB    2.0 KiB                       █      0",
            "mail              1     0.0        0 B        0 B                       ▁   1234");
    assertThat(String.join("\n", draw(failing(false), 110, 24)))
        .contains("LAST MINUTE", "LAST FAILURE", "connection refused");
  }

  @Test
  void shouldAddTheGraphAndTheTimeOfTheLastFailureWhereThereIsRoom() throws Exception {
    assertThat(String.join("\n", draw(failing(true), 110, 24)))
        .contains("LAST MINUTE", "FAILED LAST FAILURE")
        .doesNotContain("LAST FAILED AT");
    assertThat(String.join("\n", draw(failing(true), 130, 24)))
        .contains("LAST MINUTE", "LAST FAILURE", "connection refused")
        .containsPattern("LAST FAILURE +LAST FAILED AT")
        .contains("2026-11-27T10:23:20.123Z");
  }

  @ParameterizedTest
  @CsvSource({"80,24", "200,60", "132,43", "60,20", "40,12", "20,8", "10,4", "3,2", "1,1"})
  void shouldNeverBeLargerThanTheScreen(int width, int height) throws Exception {
    Model sessions = Samples.model(150);
    for (Model model : List.of(sessions, Samples.withMembers(sessions, 200))) {
      view.follow(model);
      for (char key : "tt".toCharArray()) {
        var _ = view.press(Key.text(key), model, 5);
        List<AttributedString> lines = new Drawing(width, height, true, true).draw(model, view);
        assertThat(lines).hasSize(height);
        assertThat(lines).allMatch(line -> line.columnLength() <= width);
      }
    }
  }

  @Test
  void shouldShowMoreColumnsWhereThereIsRoom() throws Exception {
    assertThat(String.join("\n", draw(Samples.model(3), 160, 24)))
        .contains("TARGET", "RULE", "office/staff", "192.0.2.1:80", "BYTES", "1.0 KiB");
  }

  @Test
  void shouldKeepTheChosenSessionOnTheScreen() throws Exception {
    Model model = Samples.model(150);
    view.follow(model);
    var _ = view.press(Key.of(Key.Kind.END), model, 5);
    Drawing drawing = new Drawing(80, 24, false, true);
    List<AttributedString> lines = drawing.draw(model, view);
    List<AttributedString> selected =
        lines.stream().filter(line -> line.toAnsi().contains("\u001b[7m")).toList();
    assertThat(texts(selected)).singleElement().asString().contains("10.0.0.150:4000");
    assertThat(drawing.sessionRows()).isGreaterThanOrEqualTo(5);
  }

  @Test
  void shouldUseColourOnlyWhereThereIsSome() throws Exception {
    Model model = Samples.model(3);
    String yellow = "\u001b[33mdegraded";
    assertThat(ansi(model, true)).contains(yellow, "\u001b[31m", "\u001b[36m");
    assertThat(ansi(model, false)).doesNotContain("\u001b[33m", "\u001b[31m", "\u001b[36m");
  }

  private String ansi(Model model, boolean colour) {
    StringBuilder all = new StringBuilder();
    new Drawing(80, 24, colour, true).draw(model, view).forEach(line -> all.append(line.toAnsi()));
    return all.toString();
  }

  @Test
  void shouldAskBeforeItKills() throws Exception {
    Model model = Samples.model(3);
    view.follow(model);
    var _ = view.press(Key.of(Key.Kind.DOWN), model, 5);
    var _ = view.press(Key.text('k'), model, 5);
    assertThat(draw(model, 80, 24).getLast()).isEqualTo("kill session 2 of 10.0.0.2:4000? y/n");
  }

  @Test
  void shouldSayThatTheServerDoesNotAnswer() throws Exception {
    view.trouble("no such file");
    assertThat(draw(Samples.model(3), 80, 24).getFirst())
        .endsWith("no answer, trying again: no such file");
  }

  @Test
  void shouldShowTheFilterWhileItIsTypedAndAfter() throws Exception {
    Model model = Samples.model(3);
    for (char c : "/we".toCharArray()) {
      var _ = view.press(Key.text(c), model, 5);
    }
    assertThat(draw(model, 80, 24).getLast()).startsWith("filter: we ");
    var _ = view.press(Key.of(Key.Kind.ENTER), model, 5);
    assertThat(draw(model, 80, 24)).contains("SESSIONS by rate, with 'we': 3 of 812");
  }

  @Test
  void shouldExplainEveryKeyInTheHelp() throws Exception {
    Model model = Samples.model(3);
    var _ = view.press(Key.text('h'), model, 5);
    assertThat(String.join("\n", draw(model, 80, 24)))
        .contains("quit", "filter", "kill", "idle", "no room for both\n");
  }
}
