package org.portbouncer.system;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.concurrent.Callable;

/**
 * Two machines with a cable between them, as two network namespaces. They live as long as a process
 * each that holds them, and are gone with it.
 */
final class Network implements AutoCloseable {
  /** The addresses of the two. */
  static final String NEAR = "10.203.0.1";

  static final String FAR = "10.203.0.2";

  /** Those of the near one to its clients, and of a client. */
  static final String NEAR_CLIENTS = "10.204.0.1";

  static final String CLIENTS = "10.204.0.2";

  private final Namespace near;
  private final Namespace far;
  private Namespace clients;
  private boolean vanished;

  private Network(Namespace near, Namespace far) {
    this.near = near;
    this.far = far;
  }

  /** Lays the cable; skips the test where this machine does not permit or have what it takes. */
  static Network create() throws Exception {
    Namespace.assumePermitted();
    Network network = new Network(Namespace.create(), Namespace.create());
    try {
      CommandResult cable =
          CommandResult.run(
              null,
              List.of(
                  "ip",
                  "link",
                  "add",
                  "near",
                  "netns",
                  network.near.name(),
                  "type",
                  "veth",
                  "peer",
                  "name",
                  "far",
                  "netns",
                  network.far.name()));
      assumeTrue(cable.exit() == 0, () -> "no veth here: " + cable.allText());
      network.near.up("near", NEAR);
      network.far.up("far", FAR);
      return network;
    } catch (Throwable e) {
      network.close();
      throw e;
    }
  }

  /** What stands before a command that is to run on the near machine. */
  List<String> onNear() {
    return near.before();
  }

  /** Does something on the near machine: sockets that it makes are there for good. */
  <T> T near(Callable<T> task) throws Exception {
    return near.in(task);
  }

  /** The same where the clients are, after {@link #addClients}. */
  <T> T clients(Callable<T> task) throws Exception {
    return clients.in(task);
  }

  /**
   * Adds a third machine, {@link #CLIENTS}, on the other side of the near one, {@link
   * #NEAR_CLIENTS}. The far one finds it through the near one, which takes what comes from far as
   * meant for itself: what a proxy that speaks with its clients' addresses needs.
   */
  void addClients() throws Exception {
    clients = Namespace.create();
    near.run(
        "ip",
        "link",
        "add",
        "home",
        "type",
        "veth",
        "peer",
        "name",
        "away",
        "netns",
        clients.name());
    near.up("home", NEAR_CLIENTS);
    clients.up("away", CLIENTS);
    far.run("ip", "route", "add", CLIENTS + "/32", "via", NEAR);
    near.run("ip", "rule", "add", "iif", "near", "lookup", "100");
    near.run("ip", "route", "add", "local", "default", "dev", "lo", "table", "100");
  }

  /** The same on the far one. */
  <T> T far(Callable<T> task) throws Exception {
    return far.in(task);
  }

  /**
   * The far machine says nothing any more, as one that lost its power: what it would send to the
   * near one goes nowhere.
   */
  void vanishFar() throws Exception {
    far.run("ip", "route", "add", "blackhole", NEAR + "/32");
    vanished = true;
  }

  /** It is there again, if it had vanished. */
  void returnFar() throws Exception {
    if (vanished) {
      vanished = false;
      far.run("ip", "route", "del", "blackhole", NEAR + "/32");
    }
  }

  @Override
  public void close() {
    near.close();
    far.close();
    if (clients != null) {
      clients.close();
    }
  }
}
