package org.portbouncer.launcher.top;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.launcher.admin.SessionOrder;
import org.portbouncer.launcher.screen.Key;

class ViewTest {

  private final View view = new View();
  private Model model;

  @BeforeEach
  void look() throws Exception {
    model = Samples.model(5);
    view.follow(model);
  }

  private View.Todo press(char key) {
    return view.press(Key.text(key), model, 2);
  }

  private View.Todo press(Key.Kind key) {
    return view.press(Key.of(key), model, 2);
  }

  @Test
  void shouldQuitAtQAndAtCtrlC() {
    assertThat(press('q')).isEqualTo(View.Todo.QUIT);
    assertThat(press(Key.Kind.QUIT)).isEqualTo(View.Todo.QUIT);
  }

  @Test
  void shouldQuitAtCtrlCWhileItAsksAndWhileAFilterIsTyped() {
    press('k');
    assertThat(press(Key.Kind.QUIT)).isEqualTo(View.Todo.QUIT);
    press('n');
    press('/');
    assertThat(press(Key.Kind.QUIT)).isEqualTo(View.Todo.QUIT);
  }

  @Test
  void shouldMoveAmongSessionsAndStopAtTheEnds() {
    assertThat(view.selected()).isEqualTo(1);
    press(Key.Kind.DOWN);
    assertThat(view.selected()).isEqualTo(2);
    press(Key.Kind.PAGE_DOWN);
    assertThat(view.selected()).isEqualTo(4);
    press(Key.Kind.END);
    press(Key.Kind.DOWN);
    assertThat(view.selected()).isEqualTo(5);
    press(Key.Kind.HOME);
    press(Key.Kind.UP);
    assertThat(view.selected()).isEqualTo(1);
  }

  @Test
  void shouldKillOnlyAfterAYesAndOnlyWhatItAskedAbout() {
    press(Key.Kind.DOWN);
    assertThat(press('k')).isEqualTo(View.Todo.NOTHING);
    assertThat(view.asked()).isEqualTo(2);
    assertThat(press('n')).isEqualTo(View.Todo.NOTHING);
    assertThat(view.message()).isEqualTo("session 2 was not killed");
    press('k');
    assertThat(press(Key.Kind.ENTER)).as("Enter is no yes").isEqualTo(View.Todo.NOTHING);
    press('k');
    // Meanwhile it has ended, and others stand on the screen.
    view.follow(without(2));
    assertThat(press('y')).isEqualTo(View.Todo.KILL);
    assertThat(view.condemned()).isEqualTo(2);
    assertThat(view.asked()).isEqualTo(View.NOBODY);
  }

  private Model without(long id) {
    return new Model(
        model.server(),
        model.all(),
        model.listeners(),
        model.members(),
        model.workers(),
        model.classes(),
        model.sessions().stream().filter(session -> session.id() != id).toList(),
        model.total(),
        model.matching());
  }

  @Test
  void shouldScrollTheTargetsAndNotTheSessionsWhileTheyAreShown() throws Exception {
    Model many = Samples.withMembers(model, 200);
    view.follow(many);
    long chosen = view.selected();
    press('t');
    assertThat(view.targets()).isTrue();
    var _ = view.press(Key.of(Key.Kind.DOWN), many, 20);
    var _ = view.press(Key.of(Key.Kind.PAGE_DOWN), many, 20);
    assertThat(view.firstTarget()).isEqualTo(21);
    var _ = view.press(Key.of(Key.Kind.END), many, 20);
    assertThat(view.firstTarget()).isEqualTo(180);
    var _ = view.press(Key.of(Key.Kind.PAGE_DOWN), many, 20);
    assertThat(view.firstTarget()).as("the last stays on the screen").isEqualTo(180);
    var _ = view.press(Key.of(Key.Kind.HOME), many, 20);
    assertThat(view.firstTarget()).isZero();
    press('k');
    assertThat(view.asked()).as("no session is to be seen").isEqualTo(View.NOBODY);
    press('t');
    assertThat(view.targets()).isFalse();
    assertThat(view.selected()).isEqualTo(chosen);
    press('t');
    assertThat(press('q')).isEqualTo(View.Todo.QUIT);
  }

  @Test
  void shouldNotQuitAtAQThatAnswersAQuestionOrBelongsToAFilter() {
    press('k');
    assertThat(press('q')).isEqualTo(View.Todo.NOTHING);
    press('/');
    assertThat(press('q')).isEqualTo(View.Todo.LOOK);
    assertThat(view.filter()).isEqualTo("q");
  }

  @Test
  void shouldStayWithTheChosenSessionAndInItsRowWhenItEnds() {
    press(Key.Kind.DOWN);
    press(Key.Kind.DOWN);
    view.follow(without(1));
    assertThat(view.selected()).isEqualTo(3);
    assertThat(view.row()).isEqualTo(1);
    view.follow(without(3));
    assertThat(view.row()).isEqualTo(1);
    assertThat(view.selected()).isEqualTo(2);
  }

  @Test
  void shouldStayAtTheTopUntilOneIsChosen() {
    view.follow(without(1));
    assertThat(view.selected()).isEqualTo(2);
    view.follow(model);
    assertThat(view.selected()).isEqualTo(1);
  }

  @Test
  void shouldLookAnewWhenOrderOrFilterChange() {
    assertThat(press('b')).isEqualTo(View.Todo.LOOK);
    assertThat(view.order()).isEqualTo(SessionOrder.BYTES);
    assertThat(press('a')).isEqualTo(View.Todo.LOOK);
    assertThat(press('i')).isEqualTo(View.Todo.LOOK);
    assertThat(press('r')).isEqualTo(View.Todo.LOOK);
    press('/');
    assertThat(press('w')).isEqualTo(View.Todo.LOOK);
    assertThat(press(Key.Kind.BACKSPACE)).isEqualTo(View.Todo.LOOK);
    assertThat(press(Key.Kind.BACKSPACE)).as("nothing is left").isEqualTo(View.Todo.NOTHING);
    press('x');
    assertThat(press(Key.Kind.ESCAPE)).isEqualTo(View.Todo.LOOK);
    assertThat(view.filter()).isEmpty();
    assertThat(view.typing()).isFalse();
  }

  @Test
  void shouldSayThatThereIsNothingToKill() throws Exception {
    Model none = Samples.model(0);
    view.follow(none);
    assertThat(view.press(Key.text('k'), none, 2)).isEqualTo(View.Todo.NOTHING);
    assertThat(view.asked()).isEqualTo(View.NOBODY);
    assertThat(view.message()).isNotEmpty();
  }
}
