package org.portbouncer.launcher.screen;

import org.jline.utils.AttributedStyle;

/** What a piece of the screen is to the eye. Without colour the weight alone tells them apart. */
public enum Style {
  PLAIN,
  HEADING,
  SOFT,
  GOOD,
  WARN,
  BAD,
  GRAPH,
  SELECTED;

  AttributedStyle in(boolean colour) {
    return switch (this) {
      case PLAIN -> AttributedStyle.DEFAULT;
      case HEADING -> AttributedStyle.BOLD;
      case SELECTED -> AttributedStyle.INVERSE;
      case SOFT -> colour ? AttributedStyle.DEFAULT.faint() : AttributedStyle.DEFAULT;
      case GOOD -> foreground(colour, AttributedStyle.GREEN, AttributedStyle.DEFAULT);
      case WARN -> foreground(colour, AttributedStyle.YELLOW, AttributedStyle.BOLD);
      case BAD -> foreground(colour, AttributedStyle.RED, AttributedStyle.BOLD);
      case GRAPH -> foreground(colour, AttributedStyle.CYAN, AttributedStyle.DEFAULT);
    };
  }

  private static AttributedStyle foreground(boolean colour, int which, AttributedStyle instead) {
    return colour ? AttributedStyle.DEFAULT.foreground(which) : instead;
  }
}
