package org.portbouncer.launcher.top;

import java.util.List;

/** What {@code top} says of itself. */
final class Texts {

  static final List<String> HELP =
      List.of(
          "bouncer top",
          "",
          "  up, down       choose a session       page up, page down, home, end",
          "  k              kill the chosen session, after a question",
          "  r b a i        sessions by rate, bytes, age, idle time",
          "  /              filter: sessions with this text in any column;",
          "                 Enter keeps it, Escape takes it away",
          "  t              all targets, to be scrolled; t or Escape goes back",
          "  h ?            this help",
          "  q, Ctrl-C      quit",
          "",
          "  NEW/S          clients that were accepted in a second",
          "  UP/S, DOWN/S   bytes to targets, to clients, in a second",
          "  LAST MINUTE    bytes of both ways; each graph has its own height",
          "  CPU            of one core",
          "  FAILED         since the start; for five minutes after a failure LAST FAILURE",
          "                 takes the place of LAST MINUTE where there is no room for both",
          "  WAITING        sessions that wait for their class, on average",
          "",
          "any key goes back");

  private static final String KEYS =
      "q quit  h help  / filter  k kill   sort by  r rate  b bytes  a age  i idle";

  private static final String KEYS_AND_TARGETS =
      "q quit  h help  t targets  / filter  k kill   sort r rate b bytes a age i idle";

  private static final String TARGET_KEYS =
      "q quit  h help  t back   up, down, page up, page down, home, end scroll";

  private Texts() {}

  /**
   * The line at the bottom.
   *
   * @param targets whether all targets are shown, in place of everything else
   * @param any whether there are some
   */
  static String keys(boolean targets, boolean any) {
    if (targets) {
      return TARGET_KEYS;
    }
    return any ? KEYS_AND_TARGETS : KEYS;
  }
}
