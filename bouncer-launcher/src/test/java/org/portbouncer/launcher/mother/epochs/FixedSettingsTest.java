package org.portbouncer.launcher.mother.epochs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

  @Test
  void shouldBeThoseThatTheSchemaSaysNoReloadChanges() {
    assertThat(Schema.keys().stream().filter(SchemaKey::restartOnly).map(SchemaKey::path).toList())
        .containsExactlyInAnyOrderElementsOf(FixedSettings.keys());
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
