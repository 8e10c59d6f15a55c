package org.portbouncer.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.core.config.NetworkSetBuilder;
import org.portbouncer.core.config.RuleMemory;

/**
 * The networks of all rules of a configuration while it is read, in its {@link RuleMemory}: a list
 * that several rules name is read and stored once, and so are sets that are equal. In the mother,
 * beside her loop, and in commands.
 */
final class NetworkLists {

  private static final String FILE = "file:";

  private final RuleMemory memory;
  private final Map<Path, NetworkSet> files = new HashMap<>();
  private final Map<NetworkSet, NetworkSet> known = new HashMap<>();

  NetworkLists(RuleMemory memory) {
    this.memory = memory;
  }

  /** The networks of a rule's `from`; null where it is absent. */
  NetworkSet of(Section rule) {
    NetworkSetBuilder all = new NetworkSetBuilder(memory);
    List<NetworkSet> known = new ArrayList<>();
    List<Path> read = new ArrayList<>();
    List<String> texts =
        rule.readList(
            RuleReader.FROM,
            (text, where) -> {
              if (text.startsWith(FILE)) {
                Path file = path(text, where);
                if (files.containsKey(file)) {
                  known.add(files.get(file));
                } else {
                  NetworkListFile.read(file, shown(text, where), all, rule.problems());
                  read.add(file);
                }
              } else {
                all.add(text.strip());
              }
              return text;
            });
    if (texts == null) {
      return null;
    }
    NetworkSet networks;
    try {
      networks = together(all, known);
    } catch (InvalidValueException e) {
      rule.problems().error(rule.whereOf("from"), "from: " + e.getMessage());
      return NetworkSet.EMPTY;
    }
    if (texts.size() == 1 && read.size() == 1) {
      files.put(read.getFirst(), networks);
    }
    if (rule.isEmptyList("from")) {
      rule.problems()
          .error(rule.whereOf("from"), "'from' is empty; leave it out to match everyone");
    } else if (networks.isEmpty() && !rule.problems().hasErrors()) {
      rule.problems()
          .warn(rule.whereOf("from"), "'from' holds no network, so the rule never matches");
    }
    return networks;
  }

  private NetworkSet together(NetworkSetBuilder all, List<NetworkSet> lists) {
    if (all.isEmpty() && lists.size() == 1) {
      return lists.getFirst();
    }
    lists.forEach(all::addAll);
    return once(all.build());
  }

  /** A set that is equal to one before it is that one. */
  private NetworkSet once(NetworkSet networks) {
    NetworkSet before = known.putIfAbsent(networks, networks);
    if (before == null) {
      return networks;
    }
    memory.giveBack(networks);
    return before;
  }

  private static Path path(String text, Where where) {
    String written = text.substring(FILE.length());
    return Path.of(EndpointParser.path(written, where.directory())).normalize();
  }

  /** The list's name as relative as that of the file that names it. */
  private static String shown(String text, Where where) {
    String written = text.substring(FILE.length());
    Path parent = Path.of(where.file()).getParent();
    return parent == null ? written : parent.resolve(written).normalize().toString();
  }
}
