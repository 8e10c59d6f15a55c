package org.portbouncer.launcher.importer;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What one server block of nginx's stream says of how long, how fast and where to log. */
final class NginxSettings {

  private static final Pattern TIME = Pattern.compile("([0-9]+)(ms|s|m|h|d|w|M|y)?");
  private static final Pattern SIZE = Pattern.compile("([0-9]{1,12})([kKmMgG]?)");

  private final Draft draft;
  private final NginxDirective server;
  private final List<NginxDirective> common;

  NginxSettings(Draft draft, NginxDirective server, List<NginxDirective> common) {
    this.draft = draft;
    this.server = server;
    this.common = common;
  }

  private NginxDirective last(String name) {
    List<NginxDirective> found = NginxReader.inForce(server, common, name);
    return found.isEmpty() ? null : found.getLast();
  }

  /** What has a default of nginx's is written even where nothing is said. */
  void read(ListenerPart part) {
    if (part.udp) {
      datagrams(part);
    } else {
      time(part, "proxy_connect_timeout", "timeouts.connect", 60_000);
    }
    time(part, "proxy_timeout", part.udp ? "timeouts.udp" : "timeouts.idle", 600_000);
    List<Entry> rates = new ArrayList<>();
    rate(rates, "proxy_upload_rate", "up");
    rate(rates, "proxy_download_rate", "down");
    if (!rates.isEmpty()) {
      String name = "rate-" + (draft.bandwidth.size() + 1);
      rates.add(new Entry(rates.getFirst().origin(), "shared-by", "session"));
      draft.bandwidth.put(name, rates);
      part.entry(rates.getFirst().origin(), "bandwidth", name);
    }
    NginxDirective log = last("access_log");
    if (log != null && log.first().indexOf('$') < 0) {
      String to = log.first();
      boolean syslog = to.startsWith("syslog:");
      draft.setting(
          log.origin(),
          "log.access.to",
          syslog ? "syslog" : to.equals("off") ? "none" : Hocon.text("file:" + to));
      draft.note(
          log.origin(), "the lines are bouncer's own (logfmt), of all listeners in one place");
    }
    NginxDirective next = last("proxy_next_upstream");
    if (next != null && next.has("off") && part.group() != null) {
      draft.left(next.origin(), "a server that fails is followed by the next here");
    }
    NginxDirective bind = last("proxy_bind");
    if (bind != null && !bind.has("off")) {
      draft.left(
          bind.origin(), "the target sees the address the system chooses, not " + bind.first());
    }
  }

  /** What ends a session of datagrams, and what passes of it, beside silence. */
  private void datagrams(ListenerPart part) {
    NginxDirective answers = last("proxy_responses");
    if (answers != null && answers.first().equals("1")) {
      part.entry(answers.origin(), "answers", "1");
    } else if (answers != null) {
      draft.left(
          answers.origin(),
          answers.first().equals("0")
              ? "answers are passed on here, and silence alone ends a session"
              : "is for each datagram of a client there; here silence alone ends a session");
    }
    NginxDirective requests = last("proxy_requests");
    if (requests != null && !requests.first().equals("0")) {
      draft.left(
          requests.origin(),
          "a client's datagrams are one session here, to one target, until it is silent");
    }
    for (String name : List.of("proxy_upload_rate", "proxy_download_rate")) {
      NginxDirective rate = last(name);
      if (rate != null && !rate.first().equals("0")) {
        draft.note(rate.origin(), "datagrams above it wait there, and are dropped here");
      }
    }
  }

  private void time(ListenerPart part, String name, String key, long otherwise) {
    NginxDirective one = last(name);
    long millis = one == null ? otherwise : time(one.first());
    if (millis < 0) {
      draft.left(one.origin(), "is no time; bouncer's own is in force");
    } else {
      part.entry(one == null ? server.origin() : one.origin(), key, Hocon.duration(millis));
    }
  }

  private void rate(List<Entry> rates, String name, String key) {
    NginxDirective one = last(name);
    Matcher size = SIZE.matcher(one == null ? "0" : one.first());
    if (!size.matches()) {
      draft.left(one.origin(), "is no number of bytes: no limit here");
      return;
    }
    int shift = 10 * "kmg".indexOf(size.group(2).toLowerCase(java.util.Locale.ROOT)) + 10;
    long bytes = Long.parseLong(size.group(1)) << (size.group(2).isEmpty() ? 0 : shift);
    if (bytes > 0) {
      rates.add(new Entry(one.origin(), key, Hocon.text(bytes + " B/s")));
    }
  }

  /** nginx's times, as in 1h30m; without a unit seconds. -1 for anything else. */
  static long time(String text) {
    Matcher part = TIME.matcher(text);
    long millis = 0;
    int at = 0;
    while (part.find() && part.start() == at) {
      String unit = part.group(2) == null ? "s" : part.group(2);
      millis +=
          Long.parseLong(part.group(1))
              * switch (unit) {
                case "ms" -> 1;
                case "s" -> 1000;
                case "m" -> 60_000;
                case "h" -> 3_600_000;
                case "d" -> 86_400_000L;
                case "w" -> 7 * 86_400_000L;
                case "M" -> 30 * 86_400_000L;
                default -> 365 * 86_400_000L;
              };
      at = part.end();
    }
    return at == text.length() && at > 0 ? millis : -1;
  }
}
