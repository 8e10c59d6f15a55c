package org.portbouncer.launcher.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImportCommandTest {

  @TempDir private Path folder;

  private String source(String text) throws IOException {
    return Files.writeString(folder.resolve("source.conf"), text).toString();
  }

  @Test
  void shouldPrintAConfigurationAndNothingElseWhenAllIsCarriedOver() throws Exception {
    String source = source("127.0.0.1 8080 192.0.2.1 80\n");
    CliRun run = CliRun.of("import", "rinetd", source);

    assertThat(run.code()).isZero();
    assertThat(run.err()).isEmpty();
    Path made = Files.writeString(folder.resolve("made.conf"), run.out());
    assertThat(CliRun.of("check", made.toString()).code()).isZero();
  }

  @Test
  void shouldExitWith1AndSayWhatWhenSomethingIsLeft() throws Exception {
    String source = source("127.0.0.1 8080 192.0.2.1 80\n127.0.0.1 53/udp 192.0.2.1 53/tcp\n");
    CliRun run = CliRun.of("import", "rinetd", source);

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err())
        .startsWith(source + ":2: left out, nobody can reach port 53")
        .hasLineCount(1);
    assertThat(run.out()).contains("#   not carried over: left out, nobody can reach port 53");
  }

  @Test
  void shouldExitWith2AndPrintNothingWhenFileIsUnreadable() throws Exception {
    for (String text : new String[] {"stream { server {", "events { }\n", ""}) {
      CliRun run = CliRun.of("import", "nginx", source(text));
      assertThat(run.code()).as(text).isEqualTo(2);
      assertThat(run.out()).isEmpty();
      assertThat(run.err()).contains("source.conf");
    }
    CliRun none = CliRun.of("import", "haproxy", folder.resolve("none").toString());
    assertThat(none.code()).isEqualTo(2);
    assertThat(none.err()).contains("there is no such file").hasLineCount(1);
    CliRun directory = CliRun.of("import", "haproxy", folder.toString());
    assertThat(directory.err()).contains("not a regular file");
  }

  @Test
  void shouldWriteWholeFileOrNothingWhenOutputIsNamed() throws Exception {
    String source = source("127.0.0.1 8080 192.0.2.1 80\n");
    Path out = folder.resolve("out.conf");

    assertThat(CliRun.of("import", "rinetd", source, "-o", out.toString()).code()).isZero();
    String first = Files.readString(out);
    assertThat(first).contains("192.0.2.1:80");
    source("127.0.0.1 8080 192.0.2.2 80\n");
    CliRun refused = CliRun.of("import", "rinetd", source, "-o", out.toString());
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err()).contains("is there already and stays as it is");
    assertThat(out).hasContent(first);
    CliRun forced = CliRun.of("import", "rinetd", source, "-o", out.toString(), "--force");
    assertThat(forced.code()).isZero();
    assertThat(Files.readString(out)).contains("192.0.2.2:80");
    CliRun nowhere = CliRun.of("import", "rinetd", source, "-o", folder + "/no/out.conf");
    assertThat(nowhere.code()).isEqualTo(2);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).as("nothing is left of what was not kept").hasSize(2);
    }
  }

  @Test
  void shouldNameTheFormatsWhenHelpIsAskedFor() {
    CliRun help = CliRun.of("import", "--help");

    assertThat(help.code()).isZero();
    assertThat(help.out()).contains("rinetd", "xinetd", "haproxy", "nginx", "barefoot", "--force");
  }
}
