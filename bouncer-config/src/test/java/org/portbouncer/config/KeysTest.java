package org.portbouncer.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.portbouncer.core.config.ConfigCodec;
import org.portbouncer.core.config.ConfigCodecException;
import org.portbouncer.core.config.Configuration;

/** What holds for every key because it is described once; a new key needs nothing here. */
class KeysTest {

  private static final Pattern RANGE = Pattern.compile("integer, ([0-9]+) to ([0-9]+).*");
  private static final Pattern WORDS = Pattern.compile("(`[a-z0-9-]+`(, | or )?)+");

  private static final String LISTENER =
      "listeners.web { listen = \"127.0.0.1:0\", target = \"internal:echo\" }\n";

  /** Where a key of each block is written, and what else that block needs. */
  private static final Map<String, String> BLOCKS =
      Map.of(
          "listeners.NAME.", "listeners.web { %s }",
          "targets.NAME.members[].", "targets.g { members = [ { address = \"a:1\", %s } ] }",
          "targets.NAME.check.", "targets.g { members = [ { address = \"a:1\" } ], check { %s } }",
          "targets.NAME.", "targets.g { members = [ { address = \"a:1\" } ], %s }",
          "chains.NAME[].", "chains.c = [ { type = socks5, proxy = \"a:1\", %s } ]",
          "acls.NAME[].", "acls.a = [ { action = pass, %s } ]",
          "bandwidth.NAME.", "bandwidth.b { up = \"1 MB/s\", %s }",
          "cluster.", "cluster { redis = \"redis://127.0.0.1\", name = n, %s }");

  @TempDir Path folder;

  static Stream<SchemaKey> ranges() {
    return Schema.keys().stream().filter(key -> RANGE.matcher(key.type()).matches());
  }

  static Stream<SchemaKey> words() {
    return Schema.keys().stream().filter(key -> WORDS.matcher(key.type()).matches());
  }

  private LoadResult load(SchemaKey key, String value) throws IOException {
    String block =
        BLOCKS.keySet().stream()
            .filter(one -> key.path().startsWith(one))
            .max((a, b) -> Integer.compare(a.length(), b.length()))
            .orElse("");
    String setting = key.path().substring(block.length()) + " = \"" + value + '"';
    String written = BLOCKS.getOrDefault(block, "%s").formatted(setting);
    return ConfigLoader.load(
        Files.writeString(folder.resolve("b.conf"), "bouncer {\n" + LISTENER + written + "\n}\n"));
  }

  private static List<String> errors(LoadResult result) {
    return result.problems().stream().filter(Problem::isError).map(Problem::message).toList();
  }

  private static void shouldTravel(LoadResult result) throws ConfigCodecException {
    Configuration all = result.configuration();
    Configuration there = ConfigCodec.decode(ByteBuffer.wrap(ConfigCodec.encode(all)));
    assertThat(ConfigCodec.encode(there)).isEqualTo(ConfigCodec.encode(all.withoutNetworks()));
  }

  @ParameterizedTest
  @MethodSource("ranges")
  void shouldTakeTheRangeThatItsFormNamesAndNoMore(SchemaKey key) throws IOException {
    Matcher range = RANGE.matcher(key.type());
    assertThat(range.matches()).isTrue();
    long least = Long.parseLong(range.group(1));
    long most = Long.parseLong(range.group(2));
    for (long possible : new long[] {least, most}) {
      try (LoadResult result = load(key, Long.toString(possible))) {
        assertThat(errors(result)).as("%s = %d", key.path(), possible).isEmpty();
        shouldTravel(result);
      }
    }
    for (long wrong : new long[] {least - 1, most + 1}) {
      try (LoadResult result = load(key, Long.toString(wrong))) {
        assertThat(errors(result)).as("%s = %d", key.path(), wrong).isNotEmpty();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("words")
  void shouldTakeTheWordsThatItsFormNamesAndNoOthers(SchemaKey key) throws IOException {
    Matcher words = Pattern.compile("`([a-z0-9-]+)`").matcher(key.type());
    while (words.find()) {
      try (LoadResult result = load(key, words.group(1))) {
        assertThat(errors(result))
            .as("%s = %s", key.path(), words.group(1))
            .noneMatch(error -> error.contains("is not one of"));
        if (errors(result).isEmpty()) {
          shouldTravel(result);
        }
      }
    }
    try (LoadResult result = load(key, "quite-another")) {
      assertThat(errors(result)).as(key.path()).isNotEmpty();
    }
  }

  @Test
  void shouldMeetMostKindsOfBlocks() {
    assertThat(ranges().count()).isGreaterThan(20);
    assertThat(words().count()).isGreaterThan(20);
  }

  @Test
  void shouldDescribeEachKeyOnce() {
    assertThat(Schema.keys()).extracting(SchemaKey::path).doesNotHaveDuplicates();
  }
}
