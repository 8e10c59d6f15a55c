package org.portbouncer.launcher.importer;

import java.util.ArrayList;
import java.util.List;

/** How long a session of HAProxy's may take, and stay silent. */
final class HaproxyTimeouts {

  private final HaproxySection front;
  private final HaproxySection back;
  private final ListenerPart part;

  HaproxyTimeouts(HaproxySection front, HaproxySection back, ListenerPart part) {
    this.front = front;
    this.back = back;
    this.part = part;
  }

  /** The shorter of what holds for client and server; a tunnel's takes the place of both. */
  void read() {
    shortest("timeouts.connect", List.of(back), "connect");
    if (!shortest("timeouts.idle", List.of(back, front), "tunnel")) {
      shortest("timeouts.idle", List.of(front, back), "client", "server");
    }
    shortest("timeouts.half-closed", List.of(front, back), "client-fin", "server-fin");
    keepAlive("keep-alive.idle", "-idle");
    keepAlive("keep-alive.interval", "-intvl");
    keepAlive("keep-alive.count", "-cnt");
  }

  private boolean shortest(String key, List<HaproxySection> where, String... names) {
    List<HaproxySection.Line> found = new ArrayList<>();
    for (int i = 0; i < where.size(); i++) {
      HaproxySection.Line line = where.get(i).last("timeout", names[Math.min(i, names.length - 1)]);
      if (line != null && HaproxyTime.millis(line.word(2)) > 0) {
        found.add(line);
      }
    }
    HaproxySection.Line least = null;
    for (HaproxySection.Line line : found) {
      if (least == null || HaproxyTime.millis(line.word(2)) < HaproxyTime.millis(least.word(2))) {
        least = line;
      }
    }
    if (least != null) {
      part.entry(least.origin(), key, Hocon.duration(HaproxyTime.millis(least.word(2))));
    }
    return least != null;
  }

  private void keepAlive(String key, String suffix) {
    HaproxySection.Line line = front.last("clitcpka" + suffix);
    if (line == null) {
      line = back.last("srvtcpka" + suffix);
    }
    if (line == null) {
      return;
    }
    String text = line.word(1);
    long millis = HaproxyTime.millis(text.matches("[0-9]+") ? text + "s" : text);
    if (suffix.equals("-cnt")) {
      part.entry(line.origin(), key, line.word(1));
    } else if (millis >= 1000) {
      part.entry(line.origin(), key, Hocon.duration(millis / 1000 * 1000));
    }
  }
}
