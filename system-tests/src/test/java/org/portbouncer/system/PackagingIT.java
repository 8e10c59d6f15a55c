package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What packages bring along for service managers is what these take; packages themselves are tested
 * by packaging/test.
 */
class PackagingIT {
  private static final String CHECK = Checkout.root().resolve("packaging/check").toString();
  private static final String LEFT_OUT = "not checked: the manifests";

  @TempDir private Path folder;

  @Test
  void shouldHaveManifestsAndUnitsThatTheirReadersTake() throws Exception {
    CommandResult result = CommandResult.run(null, List.of(CHECK));
    assertThat(result.exit()).as(result.allText()).isZero();
    // What a program is missing for is told on standard output, as a skipped test is.
    result.out().forEach(System.out::println);
  }

  @Test
  void shouldNoticeAKeyThatKubernetesDoesNotKnow() throws Exception {
    Path good = Checkout.root().resolve("packaging/kubernetes/deployment.yaml");
    Path bad = folder.resolve("bad.yaml");
    Files.writeString(
        bad, Files.readString(good).replace("terminationGracePeriodSeconds:", "patience:"));
    CommandResult result = CommandResult.run(null, List.of(CHECK, bad.toString()));
    assumeFalse(result.outText().contains(LEFT_OUT), result.outText());
    assertThat(result.exit()).as(result.allText()).isEqualTo(1);
    assertThat(result.outText()).contains("patience: unknown");
  }
}
