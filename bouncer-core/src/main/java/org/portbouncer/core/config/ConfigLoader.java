package org.portbouncer.core.config;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValueType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Loads a configuration file and finds every mistake in it at once. Runs in the mother and in the
 * commands that need no server, never in a worker.
 */
public final class ConfigLoader {

  private static final String ROOT = "bouncer";

  /** What a reading brought, for those that need more than the outcome. */
  record Loaded(LoadResult result, List<Setting> settings) {}

  private ConfigLoader() {}

  /**
   * Loads the file. Never throws for what is in it or for its absence: that is a {@link Problem}.
   *
   * @param file named in the problems as it is given here
   */
  public static LoadResult load(Path file) {
    return read(file).result();
  }

  /**
   * Finds the admin socket alone: whoever asks a running server must be able to while its
   * configuration is being edited, and need not read long lists for it. Only what makes the socket
   * itself unreadable counts.
   */
  public static AdminAddress adminSocket(Path file) {
    Problems problems = new Problems();
    ConfigSource source = new ConfigSource(file, problems);
    ConfigObject root = source.load();
    Reading reading = new Reading(source, problems);
    Section bouncer = root == null ? null : bouncer(reading, root);
    if (bouncer == null) {
      return new AdminAddress(null, "", problems.sorted(file.toString()));
    }
    Section admin = bouncer.section("admin");
    long others = problems.errors();
    String socket = ConfigurationReader.adminSocket(admin);
    String user = bouncer.read("user", (text, where) -> text);
    return problems.errors() == others
        ? new AdminAddress(socket, user, List.of())
        : new AdminAddress(null, "", problems.sorted(file.toString()));
  }

  static Loaded read(Path file) {
    Problems problems = new Problems();
    ConfigSource source = new ConfigSource(file, problems);
    Reading reading = new Reading(source, problems);
    ConfigObject root = source.load();
    Configuration configuration = root == null ? null : configuration(reading, root, file);
    if (problems.hasErrors()) {
      configuration = null;
    }
    if (configuration != null) {
      configuration.acls().forEach(acl -> UnreachableRules.warn(acl.rules(), problems));
      Overlap.warn(configuration, problems);
    }
    LoadResult result =
        new LoadResult(
            configuration, problems.sorted(file.toString()), written(reading.settings()));
    return new Loaded(result, List.copyOf(reading.settings()));
  }

  /** Where each setting stands that a file has. Rules have numbers for names, and are many. */
  private static Map<String, LoadResult.Written> written(List<Setting> settings) {
    return settings.stream()
        .filter(setting -> setting.where() != null && setting.path().indexOf('#') < 0)
        .collect(
            Collectors.toMap(
                Setting::path,
                setting ->
                    new LoadResult.Written(
                        setting.where().file(), setting.where().line(), setting.rendered()),
                (first, second) -> second));
  }

  private static Configuration configuration(Reading reading, ConfigObject root, Path file) {
    Section bouncer = bouncer(reading, root);
    return bouncer == null ? null : ConfigurationReader.read(bouncer, file);
  }

  /** The block that everything belongs in; null with a problem where there is none. */
  private static Section bouncer(Reading reading, ConfigObject root) {
    Where start = reading.source().mainFile(1);
    Section top = new Section(reading, root, reading.source().unresolved(), "", "", start);
    for (String key : top.keysInOrder()) {
      if (!key.equals(ROOT)) {
        String near = Nearest.of(key, List.of(ROOT));
        String hint = near == null ? "; only 'bouncer' is read" : ", did you mean 'bouncer'?";
        reading.problems().warn(top.whereOf(key), "the key '" + key + "' is ignored" + hint);
      }
    }
    if (root.get(ROOT) == null || root.get(ROOT).valueType() == ConfigValueType.NULL) {
      reading.problems().error(start, "there is no block bouncer { … }; everything belongs in it");
      return null;
    }
    if (!(root.get(ROOT) instanceof ConfigObject)) {
      reading.problems().error(top.whereOf(ROOT), "bouncer must be a block { … }");
      return null;
    }
    return top.root(ROOT);
  }
}
