package org.portbouncer.core.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What {@code bouncer show-config} shows. Runs in that command. */
public final class EffectiveConfig {

  /**
   * One key with the value that took effect.
   *
   * @param key its path under {@code bouncer}; rules are numbered from {@code #1}
   * @param value as HOCON; {@code null} where it is absent and has no default
   * @param source {@code default}, or the {@code FILE:LINE} where it was written
   */
  public record Entry(String key, String value, String source) {

    /** {@code key = value # source}. */
    @Override
    public String toString() {
      return key + " = " + value + "  # " + source;
    }
  }

  private EffectiveConfig() {}

  /**
   * Every key with its value, in the order of the schema and, within, of the file. Values that are
   * wrong are shown as written: see {@link ConfigLoader#load(Path)} for what is wrong with them.
   */
  public static List<Entry> of(Path file) {
    List<Setting> settings = ConfigLoader.read(file).settings();
    List<Entry> entries = new ArrayList<>();
    List<String> order = new ArrayList<>(Schema.childrenOf(""));
    settings.stream()
        .sorted((a, b) -> Integer.compare(order.indexOf(block(a)), order.indexOf(block(b))))
        .forEach(
            setting -> {
              String source = setting.where() == null ? "default" : setting.where().toString();
              entries.add(new Entry(setting.path(), setting.rendered(), source));
            });
    return entries;
  }

  private static String block(Setting setting) {
    int dot = setting.path().indexOf('.');
    return dot < 0 ? setting.path() : setting.path().substring(0, dot);
  }
}
