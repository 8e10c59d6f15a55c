package org.portbouncer.system;

import java.io.IOException;

/** A few sessions before descriptors are counted, so that what is made once is made. */
final class WarmUp {
  private static final int SESSIONS = 8;

  private WarmUp() {}

  /** Through a listener whose target echoes. */
  static void sessions(int port) throws IOException {
    for (int i = 0; i < SESSIONS; i++) {
      try (Client client = Client.to(port)) {
        client.echo("warm-up");
        client.finish();
        client.receiveAll();
      }
    }
  }
}
