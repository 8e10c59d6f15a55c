package org.portbouncer.launcher.importer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads rinetd.conf as rinetd 0.73 does: one command a line, access lines before the first
 * forwarding rule for all, those behind one for it alone.
 */
final class RinetdReader {

  private static final Pattern FORWARD =
      Pattern.compile(
          "(\\S+)[ \\t]+([^\\s/]+)(/tcp|/udp)?[ \\t]+(\\S+)[ \\t]+([^\\s/\\[]+)(/tcp|/udp)?"
              + "[ \\t]*(\\[[^\\]]*\\])?");
  private static final Pattern ACCESS = Pattern.compile("(allow|deny)[ \\t]+(\\S+)");
  private static final Pattern PATTERN = Pattern.compile("[0-9a-fA-F:.*?]+");
  private static final Pattern LOG = Pattern.compile("(logfile|pidlogfile)[ \\t]+(\\S.*)");

  /** Seconds without a datagram of the client after which rinetd forgets it. */
  private static final int SILENCE = 72;

  /** An access line. */
  private record Line(Origin origin, boolean allow, String pattern) {}

  /** A forwarding rule with the number of its first access line, and how many it has. */
  private static final class Forward {
    private final Origin origin;
    private final Matcher words;
    private int start;
    private int count;

    Forward(Origin origin, Matcher words) {
      this.origin = origin;
      this.words = words;
    }
  }

  private final Draft draft = new Draft();
  private final Services services = new Services();
  private final List<Line> lines = new ArrayList<>();
  private final List<Forward> forwards = new ArrayList<>();
  private int global;

  private RinetdReader() {}

  static Draft read(Path path) throws UnreadableException {
    SourceFile file = SourceFile.read(path);
    RinetdReader reader = new RinetdReader();
    List<String> texts = file.lines();
    for (int i = 0; i < texts.size() - 1; i++) {
      reader.line(file.origin(i + 1, texts.get(i)), texts.get(i));
    }
    String unended = texts.getLast().replaceFirst("#.*", "").strip();
    if (!unended.isEmpty()) {
      reader.draft.note(
          file.origin(texts.size(), unended),
          "rinetd leaves out a last line without an end of line, and so does this; it is not in"
              + " force there");
    }
    for (Forward forward : reader.forwards) {
      reader.forward(forward);
    }
    return reader.draft;
  }

  private void line(Origin origin, String whole) throws UnreadableException {
    String text = whole.strip();
    if (text.isEmpty() || text.startsWith("#")) {
      return;
    }
    text = text.replaceFirst("[ \\t]*#.*", "");
    Matcher access = ACCESS.matcher(text);
    Matcher log = LOG.matcher(text);
    Matcher forward = FORWARD.matcher(text);
    if (access.matches()) {
      access(origin, access);
    } else if (log.matches()) {
      log(origin, log);
    } else if (text.equals("logcommon")) {
      draft.note(origin, "the access log is bouncer's own: logfmt or json, not the web's");
    } else if (forward.matches()) {
      forwards.add(new Forward(origin, forward));
    } else {
      throw new UnreadableException(
          origin,
          "is no line of rinetd.conf: '" + origin.text() + "'; rinetd does not start with it");
    }
  }

  private void access(Origin origin, Matcher words) throws UnreadableException {
    if (!PATTERN.matcher(words.group(2)).matches()) {
      throw new UnreadableException(
          origin,
          "'"
              + words.group(2)
              + "' is no pattern of rinetd's: digits, '.', ':', '*' and '?' are"
              + " possible, no names and no /BITS; rinetd does not start with it");
    }
    if (forwards.isEmpty()) {
      global++;
    } else {
      Forward forward = forwards.getLast();
      if (forward.start == 0) {
        forward.start = lines.size();
      }
      forward.count++;
    }
    lines.add(new Line(origin, words.group(1).equals("allow"), words.group(2)));
  }

  private void log(Origin origin, Matcher words) {
    if (words.group(1).equals("pidlogfile")) {
      draft.note(origin, "bouncer writes no pid file: 'bouncer status' and systemd know the pid");
      return;
    }
    String path = words.group(2).replaceAll("^\"|\"$", "");
    draft.setting(origin, "log.access.to", Hocon.text("file:" + path));
    draft.note(
        origin, "the lines are bouncer's own (logfmt), not rinetd's: put the old file away first");
  }

  private void forward(Forward forward) throws UnreadableException {
    Matcher words = forward.words;
    boolean udp = "/udp".equals(words.group(3));
    if (udp != "/udp".equals(words.group(6))) {
      draft.left(
          forward.origin,
          "left out, nobody can reach port "
              + words.group(2)
              + ": here datagrams go to datagrams and connections to connections, never one to the"
              + " other");
      return;
    }
    int port = port(forward.origin, words.group(2), udp);
    int targetPort = port(forward.origin, words.group(5), udp);
    String host = host(forward.origin, words.group(1));
    String targetHost = host(forward.origin, words.group(4));
    String listen = Addresses.first(host);
    if (listen == null) {
      draft.left(
          forward.origin,
          "left out: '"
              + host
              + "' has no address here now, and bouncer listens on addresses only");
      return;
    }
    if (!listen.equals(host)) {
      draft.note(
          forward.origin, "'" + host + "' is " + listen + " now; bouncer does not look again");
    }
    ListenerPart part =
        new ListenerPart(forward.origin, (udp ? "udp-" : "port-") + words.group(2), udp);
    part.listen.add(new ListenerPart.Address(forward.origin, Addresses.join(listen, port)));
    part.target(forward.origin, Addresses.join(targetHost, targetPort));
    int silence = options(forward, udp);
    if (udp) {
      datagrams(part, silence);
    }
    access(forward, part, listen.indexOf(':') >= 0);
    draft.listeners.add(part);
  }

  private int port(Origin origin, String text, boolean udp) throws UnreadableException {
    int port = services.port(text, udp);
    if (port < 0) {
      throw new UnreadableException(
          origin, "'" + text + "' is neither a port, 1 to 65535, nor a service in /etc/services");
    }
    return port;
  }

  private static String host(Origin origin, String text) throws UnreadableException {
    if (text.startsWith("[")) {
      throw new UnreadableException(
          origin, "rinetd knows no brackets around an IPv6 address: '" + text + "'");
    }
    return text.equals("0") ? "0.0.0.0" : text;
  }

  /** What differs between its sessions of datagrams and ours. */
  private void datagrams(ListenerPart part, int silence) {
    part.entry(part.origin, "timeouts.udp", Hocon.duration(1000L * silence));
    draft.note(
        part.origin,
        "rinetd forgets a client "
            + silence
            + " s after its last datagram, whatever the target sends; here the target's count too."
            + " The empty datagram that rinetd sends the target before a client's first is not"
            + " sent, and none is cut to 16,384 bytes");
  }

  /** Says what options mean; the silence in seconds that ends a session of datagrams. */
  private int options(Forward forward, boolean udp) throws UnreadableException {
    int silence = SILENCE;
    String options = forward.words.group(7);
    if (options == null) {
      return silence;
    }
    for (String option : options.substring(1, options.length() - 1).split(",", -1)) {
      String[] words = option.strip().split("\\s*=\\s*", 2);
      switch (words[0]) {
        case "timeout" -> {
          String number = words[words.length - 1];
          if (!number.matches("[0-9]{1,6}")) {
            throw new UnreadableException(
                forward.origin, "'" + number + "' is no number of seconds up to 999999");
          }
          silence = number.matches("0+") ? SILENCE : Integer.parseInt(number);
          if (!udp) {
            draft.note(forward.origin, "rinetd's timeout is for UDP; it ends no TCP session there");
          }
        }
        case "src" ->
            draft.left(
                forward.origin,
                "src: the target sees the address the system chooses, not "
                    + words[words.length - 1]);
        default ->
            throw new UnreadableException(
                forward.origin,
                "rinetd has no option '" + words[0] + "': timeout and src are there");
      }
    }
    return silence;
  }

  // Who is let in.

  private void access(Forward forward, ListenerPart part, boolean v6) {
    List<Line> own = own(forward);
    List<Line> all = new ArrayList<>(lines.subList(0, global));
    all.addAll(own);
    if (all.isEmpty()) {
      return;
    }
    for (Line line : all) {
      if (!line.allow()) {
        part.access.add(line.origin(), false, pattern(line, v6).perhaps());
      }
    }
    AddressSet passing = allowed(lines.subList(0, global), v6).intersection(allowed(own, v6));
    List<Origin> origins = new ArrayList<>();
    all.stream().filter(Line::allow).forEach(line -> origins.add(line.origin()));
    if (origins.isEmpty()) {
      origins.add(forward.origin);
    }
    if (passing.isEmpty()) {
      part.access.add(origins, false, AddressSet.EVERYONE, List.of());
    } else {
      part.access.add(origins, true, passing, List.of());
    }
  }

  private AddressSet allowed(List<Line> some, boolean v6) {
    AddressSet set = AddressSet.NONE;
    boolean any = false;
    for (Line line : some) {
      if (line.allow()) {
        any = true;
        set = set.union(pattern(line, v6).surely());
      }
    }
    return any ? set : AddressSet.EVERYONE;
  }

  private RinetdPattern pattern(Line line, boolean v6) {
    RinetdPattern pattern = RinetdPattern.of(line.pattern(), v6);
    if (line.pattern().matches("[^*]*[?][^*.]*")) {
      draft.note(
          line.origin(),
          "rinetd 0.73 reads on behind the end of a shorter address for '?', so that now and then"
              + " it matches one too many; here it does not");
    }
    if (!pattern.isExact()) {
      String clients = v6 ? "for listeners on IPv6 addresses " : "";
      draft.left(
          line.origin(),
          clients
              + (line.allow()
                  ? "the pattern is no list of networks: who is in none that is listed is blocked"
                  : "the pattern is no list of networks: more clients are blocked than it denies"));
    }
    return pattern;
  }

  /**
   * The lines rinetd asks for this rule. It takes the number 0 for "none yet": the first access
   * line of all, where it stands behind a forwarding rule and another follows it, is passed over,
   * and the first line of the next rule taken in its stead.
   */
  private List<Line> own(Forward forward) {
    int end = Math.min(lines.size(), forward.start + forward.count);
    List<Line> own = forward.count == 0 ? List.of() : lines.subList(forward.start, end);
    if (forward.start == 1
        && global == 0
        && forward.origin.line() < lines.getFirst().origin().line()) {
      draft.note(
          lines.getFirst().origin(),
          "rinetd 0.73 passes over this line, as the first access line behind the first rule with"
              + " another behind it (its issue 23), and so does this: by the manual it would"
              + " count");
      if (end > forward.start + forward.count - 1 && lines.size() > forward.count) {
        draft.note(
            lines.get(end - 1).origin(),
            "rinetd 0.73 asks this line for the rule above as well (its issue 23), and so does"
                + " this");
      }
    }
    return own;
  }
}
