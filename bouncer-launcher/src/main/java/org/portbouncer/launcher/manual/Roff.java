package org.portbouncer.launcher.manual;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A man page being written, in the language of man(7). */
final class Roff {

  private static final Pattern CODE = Pattern.compile("`([^`]*)`");
  private static final Pattern LINK = Pattern.compile("\\[([^\\]]*)\\]\\([^)]*\\)");

  /** Where a line may end: after a full stop, so that the formatter sees sentences. */
  private static final Pattern SENTENCE = Pattern.compile("(?<=[a-z)`][.:;]) (?=[A-Z`])");

  /** Longest line of the source that mandoc likes. */
  private static final int WIDTH = 78;

  private final StringBuilder text = new StringBuilder();

  /**
   * The head of a page.
   *
   * @param date as 2026-11-01
   * @param version of the program
   */
  Roff(String name, int section, String date, String version) {
    // The date as it stands: escaped, it would be none.
    String title = escape(name.toUpperCase(Locale.ROOT));
    text.append(
        ".TH \"%s\" %d %s \"bouncer %s\" \"bouncer\"\n"
            .formatted(title, section, date, escape(version)));
  }

  Roff macro(String name, String... arguments) {
    text.append('.').append(name);
    for (String argument : arguments) {
      text.append(" \"").append(escape(argument).replace("\"", "\\(dq")).append('"');
    }
    text.append('\n');
    return this;
  }

  Roff section(String title) {
    return macro("SH", title);
  }

  /** Prose: words in backticks become bold, links of Markdown their text. */
  Roff prose(String markdown) {
    for (String sentence : SENTENCE.split(LINK.matcher(markdown).replaceAll("$1"), -1)) {
      line(bold(sentence));
    }
    return this;
  }

  /** An entry of a list: its head, which is roff already, and what is said of it. */
  Roff entry(String head, String... paragraphs) {
    text.append(".TP\n");
    whole(head);
    for (int i = 0; i < paragraphs.length; i++) {
      if (i > 0) {
        text.append(".IP\n");
      }
      prose(paragraphs[i]);
    }
    return this;
  }

  /** Lines as they are. */
  Roff literal(String lines) {
    text.append(".nf\n.RS 4\n");
    lines.lines().forEach(each -> whole(escape(each)));
    text.append(".RE\n.fi\n");
    return this;
  }

  Roff paragraph() {
    text.append(".PP\n");
    return this;
  }

  /** A line that is roff already, but may begin with what would make it a macro. */
  Roff line(String roff) {
    return wrapped(roff, WIDTH);
  }

  private Roff whole(String roff) {
    return wrapped(roff, Integer.MAX_VALUE);
  }

  private Roff wrapped(String roff, int width) {
    String rest = roff;
    while (rest.length() > width) {
      int blank = rest.lastIndexOf(' ', width);
      int end = blank > 0 ? blank : rest.indexOf(' ', width);
      if (end < 0) {
        break;
      }
      one(rest.substring(0, end));
      rest = rest.substring(end + 1).stripLeading();
    }
    return one(rest);
  }

  private Roff one(String roff) {
    boolean control = roff.startsWith(".") || roff.startsWith("'");
    text.append(control ? "\\&" : "").append(roff).append('\n');
    return this;
  }

  /** Bold, for what is typed as it stands. */
  static String strong(String plain) {
    return "\\fB" + escape(plain) + "\\fR";
  }

  /** In italics, for what is put in. */
  static String variable(String plain) {
    return "\\fI" + escape(plain) + "\\fR";
  }

  private static String bold(String markdown) {
    StringBuilder all = new StringBuilder();
    Matcher code = CODE.matcher(markdown);
    int from = 0;
    while (code.find()) {
      all.append(escape(markdown.substring(from, code.start()))).append(strong(code.group(1)));
      from = code.end();
    }
    return all.append(escape(markdown.substring(from))).toString();
  }

  /** Text in which nothing is a command of the formatter, and a hyphen is what people can copy. */
  static String escape(String plain) {
    StringBuilder all = new StringBuilder(plain.length() + 16);
    for (int i = 0; i < plain.length(); i++) {
      char c = plain.charAt(i);
      switch (c) {
        case '\\' -> all.append("\\e");
        case '-' -> all.append("\\-");
        case '\'' -> all.append("\\(aq");
        case '`' -> all.append("\\(ga");
        case '^' -> all.append("\\(ha");
        case '~' -> all.append("\\(ti");
        case '…' -> all.append("...");
        default -> all.append(c);
      }
    }
    return all.toString();
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
