package org.portbouncer.launcher.mother.epochs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.config.ConfigLoader;
import org.portbouncer.config.LoadResult;
import org.portbouncer.config.Problem;
import org.portbouncer.config.Schema;
import org.portbouncer.config.SchemaKey;
import org.portbouncer.core.config.Configuration;

class FixedSettingsTest {

  private static final int MOST = 64_512;

  @TempDir private Path folder;

  private LoadResult load(String settings) throws IOException {
    String text =
        "bouncer {\nlisteners { web { listen = \"127.0.0.1:0\", target = \"internal:echo\" } }\n"
            + settings
            + "\n}\n";
    return ConfigLoader.load(Files.writeString(folder.resolve("b.conf"), text));
  }

  private FixedSettings.Kept keep(String before, String after) throws IOException {
    Configuration old = load(before).configuration();
    return FixedSettings.keep(load(after), old, MOST);
  }

  @Test
  void shouldWarnOfNothingWhereNothingIsFixed() throws IOException {
    FixedSettings.Kept kept =
        keep("", "timeouts { idle = 7s }\nlimits { max-sessions = 64512 }\nworkers { io = 5 }");
    assertThat(kept.warnings()).isEmpty();
    assertThat(kept.configuration().timeouts().idleMs()).isEqualTo(7000);
    assertThat(kept.configuration().maxSessions()).isEqualTo(MOST);
    assertThat(kept.configuration().workers().io()).isEqualTo(5);
  }

  /** What is not the default of keys whose form does not say what else they may be. */
  private static final Map<String, String> OTHERS =
      Map.ofEntries(
          Map.entry("cluster.redis", "rediss-sentinel://192.0.2.9/other"),
          Map.entry("cluster.name", "other"),
          Map.entry("cluster.token", "other"),
          Map.entry("cluster.sentinel-token", "other"),
          Map.entry("cluster.redis-ports", "6380"),
          Map.entry("cluster.ca", certificate()),
          Map.entry("state-transfer.file-fd.backing", "directory:/"),
          Map.entry("state-transfer.padding", "1 KiB"),
          Map.entry("admin.socket", "/other"),
          Map.entry("admin.mode", "0640"),
          Map.entry("metrics.listen", "127.0.0.1:9464"),
          Map.entry("metrics.hosts", "other"),
          Map.entry("user", "nobody"));

  private static String certificate() {
    return Path.of("../bouncer-config/src/test/resources/redis-ca.pem").toAbsolutePath().toString();
  }

  private static String another(SchemaKey key) {
    String standard = key.defaultText();
    Matcher range = Pattern.compile("integer, ([0-9]+) to ([0-9]+)").matcher(key.type());
    Matcher words = Pattern.compile("`([a-z0-9-]+)`").matcher(key.type());
    if (OTHERS.containsKey(key.path())) {
      return OTHERS.get(key.path());
    }
    if (range.matches()) {
      return standard.equals(range.group(1)) ? range.group(2) : range.group(1);
    }
    if (key.type().equals("duration")) {
      return standard.equals("1s") ? "2s" : "1s";
    }
    while (words.find()) {
      if (!words.group(1).equals(standard)) {
        return words.group(1);
      }
    }
    throw new AssertionError(key.path() + ": which other value may it have?");
  }

  /** A group of this machine: what it is called differs. */
  private static String group() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/etc/group"))) {
      return lines.findFirst().orElseThrow().replaceFirst(":.*", "");
    }
  }

  @Test
  void shouldKeepTheOldValueOfEveryKeyThatTheSchemaSaysNoReloadChanges() throws IOException {
    List<SchemaKey> fixed = Schema.keys().stream().filter(SchemaKey::restartOnly).toList();
    StringBuilder after = new StringBuilder();
    for (SchemaKey key : fixed) {
      String value = key.path().equals("group") ? group() : another(key);
      after.append(key.path()).append(" = \"").append(value).append("\"\n");
    }
    Configuration old = load("").configuration();
    LoadResult loaded = load(after.toString());
    assertThat(loaded.problems()).noneMatch(Problem::isError);
    Configuration newer = loaded.configuration();
    assertThat(fixed)
        .as("all are others in the new one, so that nothing is kept by chance")
        .noneMatch(key -> Objects.equals(key.inForce().apply(newer), key.inForce().apply(old)));
    FixedSettings.Kept kept = FixedSettings.keep(loaded, old, MOST);
    assertThat(fixed)
        .allSatisfy(
            key ->
                assertThat(key.inForce().apply(kept.configuration()))
                    .as(key.path())
                    .isEqualTo(key.inForce().apply(old)));
    assertThat(kept.warnings()).hasSameSizeAs(fixed);
  }

  @Test
  void shouldKeepTheOldValueAndNameTheLineOfTheNew() throws IOException {
    FixedSettings.Kept kept =
        keep("admin { socket = \"/a\" }", "admin {\nsocket = \"/b\" }\nuser = nobody");
    assertThat(kept.configuration().admin().socket()).isEqualTo("/a");
    assertThat(kept.configuration().user()).isEmpty();
    assertThat(kept.warnings()).extracting(Problem::line).containsExactly(4, 5);
    assertThat(kept.warnings().getFirst().toString())
        .contains("b.conf:4: warning: admin.socket = \"/b\" changes with a restart only");
    assertThat(kept.warnings()).noneMatch(Problem::isError);
  }

  @Test
  void shouldSayThatASettingWasLeftOut() throws IOException {
    FixedSettings.Kept kept = keep("state-transfer { mode = shm }", "");
    assertThat(kept.warnings()).hasSize(1);
    assertThat(kept.warnings().getFirst().message()).startsWith("state-transfer.mode, left out,");
    assertThat(kept.configuration().stateTransfer().mode())
        .isEqualTo(Configuration.StateTransfer.Mode.SHM);
  }

  @Test
  void shouldKeepTheOldMaximumWhereTheTableHasNoRoomForTheNew() throws IOException {
    FixedSettings.Kept kept =
        keep("limits { max-sessions = 500 }", "limits { max-sessions = 64513 }");
    assertThat(kept.configuration().maxSessions()).isEqualTo(500);
    assertThat(kept.warnings().getFirst().message())
        .contains("is more than the 64512 that this server has room for; until a restart 500");
  }
}
