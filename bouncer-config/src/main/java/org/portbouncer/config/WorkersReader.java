package org.portbouncer.config;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.portbouncer.core.config.Configuration.Workers;

/** Reads how many processes there are. Runs in the mother and in commands. */
public final class WorkersReader {

  static final Keys KEYS = new Keys("workers");

  private static final Form<Integer> PROCESSES = Form.integer(1, Workers.MOST);

  private static final ConfigKey<Integer> NEGOTIATE =
      KEYS.withDefault("negotiate", PROCESSES, "1", "processes of the negotiate stage");

  private static final ConfigKey<Integer> ACL =
      KEYS.withDefault("acl", PROCESSES, "1", "processes of the acl stage");

  private static final ConfigKey<Integer> CONNECT =
      KEYS.withDefault("connect", PROCESSES, "1", "processes of the connect stage");

  private static final ConfigKey<Integer> BANDWIDTH =
      KEYS.withDefault("bandwidth", PROCESSES, "1", "processes of the bandwidth stage");

  private static final ConfigKey<Integer> IO =
      KEYS.withDefault(
          "io",
          new Form<>(PROCESSES.text() + ", or `auto`", WorkersReader::io),
          "auto",
          "processes that forward; `auto` is one per core");

  private static final ConfigKey<Integer> SPARES =
      KEYS.withDefault(
          "spares",
          Form.integer(0, Workers.MOST_SPARES),
          "1",
          "processes that wait to take the place of a worker of any stage that dies");

  private static final List<ConfigKey<Integer>> STAGES =
      List.of(NEGOTIATE, ACL, CONNECT, BANDWIDTH, IO);

  private WorkersReader() {}

  static Workers read(Section workers) {
    return new Workers(
        workers.read(NEGOTIATE),
        workers.read(ACL),
        workers.read(CONNECT),
        workers.read(BANDWIDTH),
        workers.read(IO),
        workers.read(SPARES));
  }

  /**
   * How many workers a stage has where it is not said.
   *
   * @param stage what it is called
   */
  public static int usual(String stage) {
    ConfigKey<Integer> key =
        STAGES.stream().filter(one -> one.name().equals(stage)).findFirst().orElseThrow();
    return key.reader().read(key.schema().defaultText(), null);
  }

  /** One for each core. */
  private static int auto() {
    return Math.clamp(Runtime.getRuntime().availableProcessors(), 1, Workers.MOST);
  }

  /** What each stage is called. */
  static Set<String> stages() {
    return STAGES.stream()
        .map(ConfigKey::name)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private static Integer io(String text, Where where) {
    return text.equals("auto") ? Integer.valueOf(auto()) : PROCESSES.reader().read(text, where);
  }
}
