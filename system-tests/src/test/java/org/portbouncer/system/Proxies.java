package org.portbouncer.system;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Proxies that people have, each on a port of loopback; a test whose proxy is missing is skipped.
 */
final class Proxies {

  /** Whom those let in that want a password. */
  static final String USER = "bob";

  static final String PASSWORD = "s3cr3t";

  /** The password as crypt(3) has it. */
  private static final String CRYPTED = "$1$abcd$No3ex3hRikAoyIvGK.Dn61";

  private final Path folder;
  private final List<Process> running = new ArrayList<>();

  /**
   * @param folder for their files
   */
  Proxies(Path folder) {
    this.folder = folder;
  }

  private static String program(String name) {
    for (String in : List.of("/usr/bin/", "/usr/sbin/", "/usr/local/bin/")) {
      if (Files.isExecutable(Path.of(in + name))) {
        return in + name;
      }
    }
    assumeTrue(false, name + " is not installed");
    return "";
  }

  private int run(int port, String... command) throws IOException {
    File log = folder.resolve("proxy-" + running.size() + ".log").toFile();
    running.add(new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log).start());
    await()
        .atMost(Patience.seconds(20))
        .until(
            () -> {
              try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(Client.LOOPBACK, port), 1000);
                return true;
              } catch (IOException notYet) {
                return false;
              }
            });
    return port;
  }

  private String file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text).toString();
  }

  int microsocks(String... more) throws IOException {
    int port = Ports.free();
    Stream<String> usual =
        Stream.of(program("microsocks"), "-i", "127.0.0.1", "-p", String.valueOf(port));
    return run(port, Stream.concat(usual, Stream.of(more)).toArray(String[]::new));
  }

  /** SOCKS5 for {@link #USER} alone. */
  int microsocksWithPassword() throws IOException {
    return microsocks("-u", USER, "-P", PASSWORD);
  }

  int tinyproxy(String more) throws IOException {
    int port = Ports.free();
    String text =
        """
        Port %d
        Listen 127.0.0.1
        Timeout 60
        MaxClients 20
        Allow 127.0.0.1
        %s
        """
            .formatted(port, more);
    return run(port, program("tinyproxy"), "-d", "-c", file("tinyproxy-" + port, text));
  }

  /** HTTP for {@link #USER} alone. */
  int tinyproxyWithPassword() throws IOException {
    return tinyproxy("BasicAuth " + USER + " " + PASSWORD);
  }

  int dante() throws IOException {
    int port = Ports.free();
    return run(port, program("danted"), "-f", danteConfig(port, "none"), "-p", pidFile(port));
  }

  private String danteConfig(int port, String method) throws IOException {
    return file(
        "danted-" + port + ".conf",
        """
        logoutput: stderr
        internal: 127.0.0.1 port = %d
        external: 127.0.0.1
        clientmethod: none
        socksmethod: %s
        client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
        socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
        """
            .formatted(port, method));
  }

  private String pidFile(int port) {
    return folder.resolve("danted-" + port + ".pid").toString();
  }

  /** SOCKS5 for {@link #USER} alone, as an account of a machine whose accounts nobody else sees. */
  int danteWithPassword() throws Exception {
    String users =
        file("passwd", "root:x:0:0::/:/bin/sh\n" + USER + ":x:1000:1000::/:/bin/false\n");
    String shadow =
        file(
            "shadow",
            "root:*:19000:0:99999:7:::\n" + USER + ":" + CRYPTED + ":19000:0:99999:7:::\n");
    int port = Ports.free();
    String danted = program("danted");
    String accounts =
        "mount --bind %s /etc/passwd && mount --bind %s /etc/shadow".formatted(users, shadow);
    boolean possible =
        CommandResult.run(null, List.of("unshare", "-r", "-m", "sh", "-c", accounts)).exit() == 0;
    assumeTrue(possible, "no name space of mounts is to be had for Dante's accounts");
    String serve =
        "%s && exec %s -f %s -p %s"
            .formatted(accounts, danted, danteConfig(port, "username"), pidFile(port));
    return run(port, "unshare", "-r", "-m", "sh", "-c", serve);
  }

  /** HTTP for {@link #USER} alone. */
  int squidWithPassword() throws IOException {
    Path helper =
        Path.of(
            file(
                "basic.sh",
                """
                #!/bin/sh
                while read -r user password rest; do
                  [ "$user $password" = "%s %s" ] && echo OK || echo ERR
                done
                """
                    .formatted(USER, PASSWORD)));
    Files.setPosixFilePermissions(helper, PosixFilePermissions.fromString("rwxr-xr-x"));
    return squid(
        """
        auth_param basic program %s
        auth_param basic children 1 startup=1
        acl known proxy_auth REQUIRED
        http_access allow known
        """
            .formatted(helper));
  }

  private int squid(String access) throws IOException {
    int port = Ports.free();
    // Started by root it becomes a user of its own.
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    String config =
        file(
            "squid-" + port + ".conf",
            """
            http_port 127.0.0.1:%d
            %shttp_access deny all
            cache deny all
            access_log none
            cache_log /dev/null
            pid_filename none
            coredump_dir none
            netdb_filename none
            pinger_enable off
            shutdown_lifetime 0 seconds
            """
                .formatted(port, access));
    return run(port, program("squid"), "-N", "-f", config);
  }

  void stop() throws InterruptedException {
    for (Process proxy : running) {
      proxy.destroyForcibly().waitFor();
    }
  }
}
