package org.portbouncer.launcher.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {

  @TempDir Path folder;

  @Test
  void shouldTakeAFileForTheJournalOnlyWhenDeviceAndInodeAreThoseOfTheVariable() throws Exception {
    Path one = Files.createFile(folder.resolve("one"));
    Path other = Files.createFile(folder.resolve("other"));
    String stream = Files.getAttribute(one, "unix:dev") + ":" + Files.getAttribute(one, "unix:ino");
    assertThat(Journal.takes(Map.of("JOURNAL_STREAM", stream), one)).isTrue();
    assertThat(Journal.takes(Map.of("JOURNAL_STREAM", stream), other)).isFalse();
    assertThat(Journal.takes(Map.of("JOURNAL_STREAM", "nonsense"), one)).isFalse();
    assertThat(Journal.takes(Map.of("JOURNAL_STREAM", stream), folder.resolve("none"))).isFalse();
    assertThat(Journal.takes(Map.of(), one)).isFalse();
  }
}
