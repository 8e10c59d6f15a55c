package org.portbouncer.launcher.top;

import java.io.IOException;
import java.time.Duration;
import org.portbouncer.launcher.screen.FullScreen;
import org.portbouncer.launcher.screen.Key;

/** Shows a server until somebody has seen enough. */
public final class Top {

  /** How soon news and another size of the window are seen. */
  private static final long TURN_MS = 100;

  private final FullScreen screen;
  private final boolean colour;
  private final View view = new View();
  private final LastMinute history = new LastMinute();
  private Model model;
  private int page = 1;

  /**
   * @param colour whether there may be colour
   */
  public Top(FullScreen screen, boolean colour) {
    this.screen = screen;
    this.colour = colour;
  }

  /** Runs until a key or the end of the terminal ends it; closes neither server nor screen. */
  public void run(TopServer server, Duration interval) throws IOException {
    try (Poller poller = new Poller(server, query())) {
      poller.begin(interval);
      View.Todo todo = View.Todo.NOTHING;
      while (todo != View.Todo.QUIT) {
        Key key = screen.key(TURN_MS);
        boolean resized = screen.resized();
        boolean changed = hear(poller) || resized;
        if (model == null) {
          todo = key.kind() == Key.Kind.QUIT ? View.Todo.QUIT : View.Todo.NOTHING;
          continue;
        }
        todo = view.press(key, model, page);
        if (todo == View.Todo.LOOK) {
          poller.want(query());
        } else if (todo == View.Todo.KILL) {
          poller.kill(view.condemned());
        }
        if (changed || key.kind() != Key.Kind.NONE) {
          draw();
        }
      }
    }
  }

  private Query query() {
    return new Query(view.order(), view.filter());
  }

  private boolean hear(Poller poller) {
    boolean any = false;
    for (Poller.News news = poller.next(); news != null; news = poller.next()) {
      any = true;
      switch (news) {
        case Poller.News.Fresh fresh -> {
          model = history.add(fresh.snapshot());
          view.trouble("");
          view.follow(model);
        }
        case Poller.News.Trouble trouble -> view.trouble(trouble.why());
        case Poller.News.Done done -> view.message(done.message());
      }
    }
    return any;
  }

  private void draw() {
    Drawing drawing = new Drawing(screen.width(), screen.height(), colour, screen.unicode());
    screen.show(drawing.draw(model, view));
    page = drawing.sessionRows();
  }
}
