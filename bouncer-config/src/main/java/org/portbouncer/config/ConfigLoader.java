package org.portbouncer.config;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValueType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.Nearest;
import org.portbouncer.core.config.RuleIndex;
import org.portbouncer.core.config.RuleMemory;
import org.portbouncer.core.sys.SystemCallException;

/**
 * Loads a configuration file and finds every mistake in it at once. Runs in the mother and in the
 * commands that need no server, never in a worker.
 */
public final class ConfigLoader {

  /**
   * The most heap that reading a configuration takes; the texts are bounded so that it is enough.
   */
  public static final long MOST_HEAP = 160L << 20;

  private static final String ROOT = "bouncer";

  /** What a reading brought, for those that need more than the outcome. */
  record Loaded(LoadResult result, List<Setting> settings) {}

  private ConfigLoader() {}

  /**
   * Loads the file. Never throws for what is in it or for its absence: that is a {@link Problem}.
   * Bounded in memory, whatever the files are; not in time, where a file system does not answer.
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
    String socket = AdminReader.socket(admin);
    String user = bouncer.read(ConfigurationReader.USER, (text, where) -> text);
    return problems.errors() == others
        ? new AdminAddress(socket, user, List.of())
        : new AdminAddress(null, "", problems.sorted(file.toString()));
  }

  static Loaded read(Path file) {
    Problems problems = new Problems();
    ConfigSource source = new ConfigSource(file, problems);
    Reading reading = new Reading(source, problems);
    ConfigObject root = source.load();
    RuleMemory memory = null;
    Configuration configuration = null;
    try {
      if (root != null) {
        memory = RuleMemory.create();
        configuration = configuration(reading, root, file, memory);
      }
      if (root != null) {
        WrittenTwice.warn(source, file, problems);
      }
      if (configuration != null && !problems.hasErrors()) {
        AddedPorts.check(configuration, problems);
        ChainUse.check(configuration, reading, problems);
        TargetLoops.check(configuration, problems);
      }
      if (configuration != null && !problems.hasErrors()) {
        configuration = ready(configuration, memory, problems, source.mainFile(0));
      }
    } catch (SystemCallException e) {
      problems.error(
          source.mainFile(0), "no memory for the networks of its rules: " + e.getMessage());
    }
    if (problems.hasErrors()) {
      configuration = null;
    }
    if (configuration != null) {
      Overlap.warn(configuration, problems);
      Doubts.warn(configuration, reading, problems);
      Scopes.warn(configuration, problems);
    } else if (memory != null) {
      memory.close();
      memory = null;
    }
    LoadResult result =
        new LoadResult(
            configuration, memory, problems.sorted(file.toString()), written(reading.settings()));
    return new Loaded(result, List.copyOf(reading.settings()));
  }

  /** The same with what finds the rule for an address; warns of rules that none can come to. */
  private static Configuration ready(
      Configuration configuration, RuleMemory memory, Problems problems, Where file) {
    List<Acl> acls = new ArrayList<>();
    for (Acl acl : configuration.acls()) {
      try {
        RuleIndex index = RuleIndex.of(acl.rules(), memory);
        UnreachableRules.warn(acl.rules(), index, problems);
        acls.add(new Acl(acl.name(), acl.rules(), index));
      } catch (InvalidValueException e) {
        problems.error(file, "acls." + acl.name() + ": " + e.getMessage());
      }
    }
    return configuration.withAcls(acls);
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

  private static Configuration configuration(
      Reading reading, ConfigObject root, Path file, RuleMemory memory) {
    Section bouncer = bouncer(reading, root);
    return bouncer == null ? null : ConfigurationReader.read(bouncer, file, memory);
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
