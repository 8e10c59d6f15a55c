package org.portbouncer.system;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/** Proxies that people have, each on a port of loopback. */
final class Proxies {

  /** Whom those let in that want a password. */
  static final String USER = "bob";

  static final String PASSWORD = "s3cr3t";

  /** The password as crypt(3) has it. */
  private static final String CRYPTED = "$1$abcd$No3ex3hRikAoyIvGK.Dn61";

  private final Programs programs;

  Proxies(Programs programs) {
    this.programs = programs;
  }

  int microsocks(String... more) throws IOException {
    int port = Ports.free();
    Stream<String> usual =
        Stream.of(Programs.path("microsocks"), "-i", "127.0.0.1", "-p", String.valueOf(port));
    return programs.run(port, Stream.concat(usual, Stream.of(more)).toArray(String[]::new));
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
    return programs.run(
        port, Programs.path("tinyproxy"), "-d", "-c", programs.file("tinyproxy-" + port, text));
  }

  /** HTTP for {@link #USER} alone. */
  int tinyproxyWithPassword() throws IOException {
    return tinyproxy("BasicAuth " + USER + " " + PASSWORD);
  }

  int dante() throws IOException {
    int port = Ports.free();
    return programs.run(
        port, Programs.path("danted"), "-f", danteConfig(port, "none"), "-p", pidFile(port));
  }

  private String danteConfig(int port, String method) throws IOException {
    return programs.file(
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
    return programs.folder().resolve("danted-" + port + ".pid").toString();
  }

  /** SOCKS5 for {@link #USER} alone, as an account of a machine whose accounts nobody else sees. */
  int danteWithPassword() throws Exception {
    String users =
        programs.file("passwd", "root:x:0:0::/:/bin/sh\n" + USER + ":x:1000:1000::/:/bin/false\n");
    String shadow =
        programs.file(
            "shadow",
            "root:*:19000:0:99999:7:::\n" + USER + ":" + CRYPTED + ":19000:0:99999:7:::\n");
    int port = Ports.free();
    String danted = Programs.path("danted");
    String accounts =
        "mount --bind %s /etc/passwd && mount --bind %s /etc/shadow".formatted(users, shadow);
    boolean possible =
        CommandResult.run(null, List.of("unshare", "-r", "-m", "sh", "-c", accounts)).exit() == 0;
    assumeTrue(possible, "no name space of mounts is to be had for Dante's accounts");
    String serve =
        "%s && exec %s -f %s -p %s"
            .formatted(accounts, danted, danteConfig(port, "username"), pidFile(port));
    return programs.run(port, "unshare", "-r", "-m", "sh", "-c", serve);
  }

  /** HTTP for {@link #USER} alone. */
  int squidWithPassword() throws IOException {
    Path helper =
        Path.of(
            programs.file(
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

  int squid() throws IOException {
    return squid("http_access allow all\n");
  }

  private int squid(String access) throws IOException {
    int port = Ports.free();
    String config =
        programs.file(
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
    return programs.run(port, Programs.path("squid"), "-N", "-f", config);
  }

  int privoxy() throws IOException {
    int port = Ports.free();
    String config =
        programs.file(
            "privoxy-" + port,
            """
            listen-address 127.0.0.1:%1$d
            confdir %2$s
            logdir %2$s
            templdir /etc/privoxy/templates
            """
                .formatted(port, programs.folder()));
    return programs.run(port, Programs.path("privoxy"), "--no-daemon", config);
  }

  int apache() throws IOException {
    return Apache.start(
        programs,
        List.of("proxy", "proxy_connect"),
        """
        ProxyRequests On
        AllowCONNECT 1-65535
        <Proxy *>
        Require all granted
        </Proxy>
        """);
  }

  /** The SOCKS of an OpenSSH client, whose server is on this machine too. */
  int openssh() throws Exception {
    String sshd = Programs.path("sshd");
    String ssh = Programs.path("ssh");
    int server = Ports.free();
    String host = key("host-" + server);
    String user = key("user-" + server);
    String config =
        programs.file(
            "sshd-" + server,
            """
            ListenAddress 127.0.0.1
            Port %d
            HostKey %s
            AuthorizedKeysFile %s.pub
            StrictModes no
            UsePAM no
            PidFile none
            PermitRootLogin yes
            """
                .formatted(server, host, user));
    programs.run(server, withAccounts("exec %s -D -e -f %s".formatted(sshd, config)));
    int port = Ports.free();
    return programs.run(
        port,
        ssh,
        "-N",
        "-D",
        "127.0.0.1:" + port,
        "-F",
        "none",
        "-i",
        user,
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-o",
        "BatchMode=yes",
        "-o",
        "ExitOnForwardFailure=yes",
        "-p",
        String.valueOf(server),
        System.getProperty("user.name") + "@127.0.0.1");
  }

  private String key(String name) throws Exception {
    String file = programs.folder().resolve(name).toString();
    programs.prepare(Programs.path("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", file);
    return file;
  }

  /**
   * An sshd of root wants a folder of the system's, and a root whose account is open: in a name
   * space of mounts, where nobody else sees them. One of another user wants neither.
   */
  private String[] withAccounts(String command) throws Exception {
    if (!System.getProperty("user.name").equals("root")) {
      return new String[] {"sh", "-c", command};
    }
    String users =
        programs.file(
            "sshd-passwd", "root:x:0:0::/:/bin/sh\nsshd:x:101:65534::/run/sshd:/bin/false\n");
    String shadow =
        programs.file("sshd-shadow", "root:*:19000:0:99999:7:::\nsshd:*:19000:0:99999:7:::\n");
    String mounts =
        "mount --bind %s /etc/passwd && mount --bind %s /etc/shadow".formatted(users, shadow)
            + " && mount -t tmpfs none /run && mkdir /run/sshd";
    assumeTrue(
        CommandResult.run(null, List.of("unshare", "-m", "sh", "-c", mounts)).exit() == 0,
        "no name space of mounts is to be had for sshd");
    return new String[] {"unshare", "-m", "sh", "-c", mounts + " && " + command};
  }
}
