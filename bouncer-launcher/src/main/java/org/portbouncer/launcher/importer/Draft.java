package org.portbouncer.launcher.importer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a reader has found so far: what is to be written, and what is to be said of it. */
final class Draft {

  final List<ListenerPart> listeners = new ArrayList<>();

  /** Bandwidth classes by name, each with its settings. */
  final Map<String, List<Entry>> bandwidth = new LinkedHashMap<>();

  /** Settings of the whole server, by path; a later one replaces an earlier one. */
  final Map<String, Entry> settings = new LinkedHashMap<>();

  final List<Remark> remarks = new ArrayList<>();

  private final Map<String, Integer> names = new HashMap<>();

  /** Something could not be carried over. */
  void left(Origin origin, String text) {
    remark(new Remark(origin, true, text));
  }

  /** All is carried over, and may still surprise. */
  void note(Origin origin, String text) {
    remark(new Remark(origin, false, text));
  }

  private void remark(Remark remark) {
    if (!remarks.contains(remark)) {
      remarks.add(remark);
    }
  }

  void setting(Origin origin, String path, String value) {
    settings.put(path, new Entry(origin, path, value));
  }

  /** A name as bouncer.conf has them, unlike all that were given before. */
  String name(String wish) {
    String plain = wish.replaceAll("[^A-Za-z0-9_.-]", "-").replaceAll("^-+|-+$", "");
    if (plain.isEmpty()) {
      plain = "listener";
    }
    if (Character.isDigit(plain.charAt(0))) {
      plain = "port-" + plain;
    }
    plain = plain.substring(0, Math.min(plain.length(), 56));
    int times = names.merge(plain, 1, Integer::sum);
    return times == 1 ? plain : name(plain + "-" + times);
  }
}
