package org.portbouncer.system;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;

/** Some machines on one switch, each a {@link Namespace}; their cables can be pulled and put in. */
final class Lan implements AutoCloseable {

  private static final String BRIDGE = "lan";

  private final Namespace bridge;
  private final List<Namespace> hosts = new ArrayList<>();

  private Lan(Namespace bridge) {
    this.bridge = bridge;
  }

  /** Skips the test where this machine does not permit or have what it takes. */
  static Lan create(int hosts) throws Exception {
    Namespace.assumePermitted();
    Lan lan = new Lan(Namespace.create());
    try {
      CommandResult made =
          CommandResult.run(
              null, lan.onBridge("ip", "link", "add", BRIDGE, "type", "bridge", "stp_state", "0"));
      assumeTrue(made.exit() == 0, () -> "no bridge here: " + made.allText());
      lan.bridge.run("ip", "link", "set", BRIDGE, "up");
      for (int i = 0; i < hosts; i++) {
        lan.add(Namespace.create());
      }
      return lan;
    } catch (Throwable e) {
      lan.close();
      throw e;
    }
  }

  private List<String> onBridge(String... command) {
    List<String> all = new ArrayList<>(bridge.before());
    all.addAll(List.of(command));
    return all;
  }

  private void add(Namespace host) throws Exception {
    int index = hosts.size();
    hosts.add(host);
    String port = port(index);
    CommandResult cable =
        CommandResult.run(
            null,
            onBridge(
                "ip",
                "link",
                "add",
                port,
                "type",
                "veth",
                "peer",
                "name",
                "wire",
                "netns",
                host.name()));
    assumeTrue(cable.exit() == 0, () -> "no veth here: " + cable.allText());
    host.up("wire", address(index));
    bridge.run("ip", "link", "set", port, "up");
    plug(index);
  }

  private static String port(int index) {
    return "port" + index;
  }

  String address(int index) {
    return "10.205.0." + (index + 1);
  }

  Namespace host(int index) {
    return hosts.get(index);
  }

  /** What that machine sends, and what is sent to it, goes nowhere. */
  void unplug(int index) throws Exception {
    bridge.run("ip", "link", "set", port(index), "nomaster");
  }

  void plug(int index) throws Exception {
    bridge.run("ip", "link", "set", port(index), "master", BRIDGE);
  }

  @Override
  public void close() {
    hosts.forEach(Namespace::close);
    bridge.close();
  }
}
