package org.portbouncer.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Listener;

/** What {@code bouncer show-config} shows. Runs in that command. */
public final class EffectiveConfig {

  /**
   * One key with the value that took effect.
   *
   * @param key its path under {@code bouncer}, as HOCON; behind the number for a rule's
   * @param value as HOCON; {@code null} where it is absent and has no default
   * @param source {@code default}, or the {@code FILE:LINE} where it was written, and what else
   *     there is to say
   * @param list the list that a rule belongs to; "" for what is in no list
   * @param element its number there, from 1
   */
  public record Entry(String key, String value, String source, String list, int element) {

    /** {@code key = value # source}. */
    @Override
    public String toString() {
      return key + " = " + value + "  # " + source;
    }
  }

  private EffectiveConfig() {}

  /**
   * Every key that has an effect, with its value, in the order of the schema and, within, of the
   * file. Values that are wrong are shown as written: see {@link ConfigLoader#load(Path)} for what
   * is wrong with them.
   */
  public static List<Entry> of(Path file) {
    ConfigLoader.Loaded loaded = ConfigLoader.read(file);
    loaded.result().close();
    List<Entry> entries = new ArrayList<>();
    Map<String, List<Setting>> listed = new HashMap<>();
    List<String> order = new ArrayList<>(Schema.childrenOf(""));
    loaded.settings().stream()
        .filter(setting -> hasEffect(setting, loaded.result().configuration()))
        .sorted((a, b) -> Integer.compare(order.indexOf(block(a)), order.indexOf(block(b))))
        .forEach(
            setting -> {
              if (setting.isListed()) {
                listed
                    .computeIfAbsent(setting.quotedList(), list -> new ArrayList<>())
                    .add(setting);
                entries.removeIf(entry -> entry.key().equals(setting.quotedList()));
                entries.add(list(listed.get(setting.quotedList())));
              } else {
                entries.add(entry(setting, loaded.result().configuration()));
              }
            });
    if (loaded.result().isOk()) {
      loaded.result().configuration().acls().stream()
          .filter(acl -> acl.rules().isEmpty())
          .forEach(
              acl ->
                  entries.add(
                      new Entry(
                          "acls." + Setting.quoted(acl.name()),
                          "[]",
                          "no rule blocks everyone",
                          "",
                          0)));
    }
    return entries;
  }

  /** A list of blocks as one value, on one line. */
  private static Entry list(List<Setting> settings) {
    Map<String, String> blocks = new LinkedHashMap<>();
    Where where = null;
    for (Setting setting : settings) {
      where = where == null ? setting.where() : where;
      if (!setting.portable().equals("null")) {
        blocks.merge(
            setting.block(),
            setting.word() + " = " + setting.portable(),
            (before, one) -> before + ", " + one);
      }
    }
    String value = "[{ " + String.join(" }, { ", blocks.values()) + " }]";
    return new Entry(settings.getFirst().quotedList(), value, String.valueOf(where), "", 0);
  }

  private static Entry entry(Setting setting, Configuration configuration) {
    String source = setting.where() == null ? "default" : setting.where().toString();
    for (String note : List.of(setting.note(), addresses(setting, configuration))) {
      source += note.isEmpty() ? "" : "; " + note;
    }
    if (!setting.isElement()) {
      return new Entry(setting.quotedPath(), setting.portable(), source, "", 0);
    }
    return new Entry(
        setting.afterName().substring(1),
        setting.portable(),
        source,
        setting.path().substring(0, setting.path().indexOf('.') + 1)
            + Setting.quoted(setting.name()),
        setting.element());
  }

  /** Whether it says anything: a listener of datagrams has other keys than one of connections. */
  private static boolean hasEffect(Setting setting, Configuration configuration) {
    return configuration == null
        || configuration.listeners().stream()
            .filter(listener -> listener.name().equals(setting.name()))
            .noneMatch(
                listener -> DatagramDoubts.hasNoEffect(setting.key().path(), listener.udp()));
  }

  /** What a listener's {@code [::]} takes. */
  private static String addresses(Setting setting, Configuration configuration) {
    if (configuration == null || !setting.key().path().equals("listeners.NAME.listen")) {
      return "";
    }
    List<String> words = new ArrayList<>();
    for (Listener listener : configuration.listeners()) {
      if (listener.name().equals(setting.name())) {
        words.addAll(Overlap.words(listener, configuration));
      }
    }
    return String.join("; ", words);
  }

  private static String block(Setting setting) {
    int dot = setting.path().indexOf('.');
    return dot < 0 ? setting.path() : setting.path().substring(0, dot);
  }
}
