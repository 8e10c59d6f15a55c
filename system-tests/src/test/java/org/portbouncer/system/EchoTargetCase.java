package org.portbouncer.system;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests each of which starts a server of its own, before a target that says what it hears. */
abstract class EchoTargetCase {

  @TempDir Path folder;
  final int port = Ports.free();
  Target target;

  @BeforeEach
  void startTarget() throws IOException {
    target = Target.start(Handler.echo());
  }

  @AfterEach
  void stopTarget() throws IOException {
    target.close();
  }
}
