package org.portbouncer.system;

/** The scenarios with nothing between client and target: what TCP itself does. */
class ForwardingWithoutBouncerTest extends ForwardingScenarios {
  @Override
  int port() {
    return target.port();
  }

  @Override
  void assertEnded(Client client, String result, long up, long down) {
    // Nobody keeps a log here.
  }
}
