package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What the README tells a newcomer to do. */
@Isolated
class ReadmeIT {
  @Test
  void shouldFindNothingWrongWithTheSampleConfiguration() throws Exception {
    Path sample = Checkout.root().resolve("conf").resolve("bouncer.conf");
    CommandResult result = CommandResult.bouncer("check", "-c", sample.toString());
    assertThat(result.exit()).as(result.allText()).isZero();
    assertThat(result.out()).contains(sample + ": ok");
  }
}
