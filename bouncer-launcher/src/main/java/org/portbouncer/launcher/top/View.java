package org.portbouncer.launcher.top;

import java.util.List;
import org.portbouncer.launcher.admin.SessionOrder;
import org.portbouncer.launcher.screen.Key;

/** What the person at the keyboard has chosen, and what each key changes of it. */
final class View {

  /** No session. */
  static final long NOBODY = -1;

  private SessionOrder order = SessionOrder.RATE;
  private String filter = "";
  private boolean typing;
  private boolean help;
  private boolean targets;
  private int firstTarget;
  private long selected = NOBODY;
  private int row;

  /** Whether somebody chose it; else it is the first. */
  private boolean chosen;

  private long asked = NOBODY;
  private long condemned = NOBODY;
  private String message = "";
  private String trouble = "";

  /** What is to be done, besides drawing anew. */
  enum Todo {
    NOTHING,
    /** Ask the server, for other sessions than before are wanted. */
    LOOK,
    /** End the session {@link #condemned()}. */
    KILL,
    QUIT
  }

  SessionOrder order() {
    return order;
  }

  String filter() {
    return filter;
  }

  /** Whether the filter is being typed. */
  boolean typing() {
    return typing;
  }

  boolean help() {
    return help;
  }

  /** Whether all targets are shown, in place of everything else. */
  boolean targets() {
    return targets;
  }

  /** The first of them on the screen. */
  int firstTarget() {
    return firstTarget;
  }

  /** The chosen session's id, or {@link #NOBODY}. */
  long selected() {
    return selected;
  }

  /** The chosen session's row among all that the model has. */
  int row() {
    return row;
  }

  /** The session that the question is about, or {@link #NOBODY}. */
  long asked() {
    return asked;
  }

  /** The session that the last yes was about. */
  long condemned() {
    return condemned;
  }

  /** What came of the last thing that was done; empty for nothing. */
  String message() {
    return message;
  }

  /** Why nothing is heard of the server; empty where all is well. */
  String trouble() {
    return trouble;
  }

  void message(String text) {
    message = text;
  }

  void trouble(String text) {
    trouble = text;
  }

  /**
   * Follows the session that somebody has chosen to where it stands now; one that has ended leaves
   * its row. While nobody has, it is the first one.
   */
  void follow(Model model) {
    if (!chosen) {
      choose(model, 0);
      return;
    }
    List<Model.SessionRow> sessions = model.sessions();
    for (int i = 0; i < sessions.size(); i++) {
      if (sessions.get(i).id() == selected) {
        row = i;
        return;
      }
    }
    choose(model, row);
  }

  private void choose(Model model, int wanted) {
    if (model.sessions().isEmpty()) {
      row = 0;
      selected = NOBODY;
      return;
    }
    row = Math.clamp(wanted, 0, model.sessions().size() - 1);
    selected = model.sessions().get(row).id();
  }

  /**
   * Takes a key.
   *
   * @param page sessions that fit the screen
   */
  Todo press(Key key, Model model, int page) {
    if (key.kind() == Key.Kind.QUIT) {
      return Todo.QUIT;
    }
    if (key.kind() == Key.Kind.NONE) {
      return Todo.NOTHING;
    }
    message = "";
    if (help) {
      help = false;
      return Todo.NOTHING;
    }
    if (asked != NOBODY) {
      return answer(key);
    }
    if (typing) {
      return type(key);
    }
    if (targets) {
      return scroll(key, model, page);
    }
    return switch (key.kind()) {
      case TEXT -> command(key.text());
      case ESCAPE -> filter("");
      case UP -> move(model, -1);
      case DOWN -> move(model, 1);
      case PAGE_UP -> move(model, -page);
      case PAGE_DOWN -> move(model, page);
      case HOME -> move(model, -row);
      case END -> move(model, model.sessions().size());
      case ENTER, BACKSPACE, QUIT, NONE -> Todo.NOTHING;
    };
  }

  private Todo scroll(Key key, Model model, int page) {
    int last = Math.max(0, model.members().size() - page);
    int wanted =
        switch (key.kind()) {
          case UP -> firstTarget - 1;
          case DOWN -> firstTarget + 1;
          case PAGE_UP -> firstTarget - page;
          case PAGE_DOWN -> firstTarget + page;
          case HOME -> 0;
          case END -> last;
          default -> firstTarget;
        };
    firstTarget = Math.clamp(wanted, 0, last);
    boolean text = key.kind() == Key.Kind.TEXT;
    if (key.kind() == Key.Kind.ESCAPE || text && key.text() == 't') {
      targets = false;
    } else if (text && (key.text() == 'q' || key.text() == 'h' || key.text() == '?')) {
      return command(key.text());
    }
    return Todo.NOTHING;
  }

  private Todo command(char key) {
    return switch (key) {
      case 'q' -> Todo.QUIT;
      case 'h', '?' -> {
        help = true;
        yield Todo.NOTHING;
      }
      case 't' -> {
        targets = true;
        firstTarget = 0;
        yield Todo.NOTHING;
      }
      case '/' -> {
        typing = true;
        yield Todo.NOTHING;
      }
      case 'k' -> {
        asked = selected;
        message = selected == NOBODY ? "there is no session to kill" : "";
        yield Todo.NOTHING;
      }
      case 'r' -> order(SessionOrder.RATE);
      case 'b' -> order(SessionOrder.BYTES);
      case 'a' -> order(SessionOrder.AGE);
      case 'i' -> order(SessionOrder.IDLE);
      default -> Todo.NOTHING;
    };
  }

  private Todo order(SessionOrder wanted) {
    order = wanted;
    chosen = false;
    return Todo.LOOK;
  }

  private Todo filter(String wanted) {
    boolean same = wanted.equals(filter);
    filter = wanted;
    chosen &= same;
    return same ? Todo.NOTHING : Todo.LOOK;
  }

  private Todo move(Model model, int rows) {
    chosen = true;
    choose(model, row + rows);
    return Todo.NOTHING;
  }

  /** Only a clear yes is one. */
  private Todo answer(Key key) {
    boolean yes = key.kind() == Key.Kind.TEXT && (key.text() == 'y' || key.text() == 'Y');
    condemned = yes ? asked : NOBODY;
    message = yes ? "" : "session " + asked + " was not killed";
    asked = NOBODY;
    return yes ? Todo.KILL : Todo.NOTHING;
  }

  private Todo type(Key key) {
    return switch (key.kind()) {
      case TEXT -> filter(filter + key.text());
      case BACKSPACE -> filter(filter.isEmpty() ? "" : filter.substring(0, filter.length() - 1));
      case ENTER -> {
        typing = false;
        yield Todo.NOTHING;
      }
      case ESCAPE -> {
        typing = false;
        yield filter("");
      }
      case UP, DOWN, PAGE_UP, PAGE_DOWN, HOME, END, QUIT, NONE -> Todo.NOTHING;
    };
  }
}
