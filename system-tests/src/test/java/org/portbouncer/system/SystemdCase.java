package org.portbouncer.system;

/** Tests of a server that a service manager runs, and its target. */
abstract class SystemdCase extends EchoTargetCase {

  String config() {
    return """
    listeners { echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" } }
    timeouts { drain = 30s }
    """
        .formatted(port, target.port());
  }
}
