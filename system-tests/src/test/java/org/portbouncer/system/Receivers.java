package org.portbouncer.system;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;

/** Servers that people have which want a PROXY header, each on a port of loopback. */
final class Receivers {
  private final Programs programs;

  Receivers(Programs programs) {
    this.programs = programs;
  }

  /** What becomes other users by itself must be root. */
  private static void assumeRoot(String what) throws Exception {
    assumeTrue(Accounts.isRoot(), what + " starts as root alone");
  }

  private String words(String name, String text, int port) throws IOException {
    return programs.file(
        name,
        text.replace("FOLDER", programs.folder().toString()).replace("PORT", String.valueOf(port)));
  }

  private void folders(Path in, String owner, String... names) throws IOException {
    UserPrincipal user =
        in.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(owner);
    for (String name : names) {
      Path folder = Files.createDirectories(in.resolve(name));
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
      Files.setOwner(folder, user);
    }
  }

  /** An smtpd that refuses every client, with its address, as soon as it says a word. */
  int postfix() throws Exception {
    return postfix(
        """
        127.0.0.1:PORT inet n - n - - smtpd
          -o smtpd_upstream_proxy_protocol=haproxy
        """);
  }

  /** The same behind a postscreen, which takes the header and passes on what it says. */
  int postscreen() throws Exception {
    return postfix(
        """
        127.0.0.1:PORT inet n - n - 1 postscreen
          -o postscreen_upstream_proxy_protocol=haproxy
          -o smtpd_service_name=passed
        passed pass - - n - - smtpd
        """);
  }

  private int postfix(String services) throws Exception {
    String master = Programs.path("master");
    assumeRoot("Postfix");
    int port = Ports.free();
    folders(programs.folder(), "root", "queue", "queue/pid");
    folders(programs.folder(), "postfix", "queue/private", "queue/public", "data");
    words(
        "main.cf",
        """
        compatibility_level = 3.6
        queue_directory = FOLDER/queue
        data_directory = FOLDER/data
        daemon_directory = /usr/lib/postfix/sbin
        myhostname = mail.example.test
        mynetworks = 127.0.0.0/8
        inet_interfaces = loopback-only
        inet_protocols = ipv4
        smtpd_peername_lookup = no
        smtpd_recipient_restrictions = reject_unauth_destination
        smtpd_helo_restrictions = check_client_access inline:{127.0.0.77=reject}
        smtpd_delay_reject = no
        maillog_file = /dev/stdout
        alias_maps =
        local_recipient_maps =
        """,
        port);
    words(
        "master.cf",
        services
            + """
            anvil unix - - n - 1 anvil
            postlog unix-dgram n - n - 1 postlogd
            """,
        port);
    // It ends its process group when it is told to end: one of its own.
    return programs.run(
        port, Programs.path("setsid"), master, "-c", programs.folder().toString(), "-d");
  }

  /** IMAP that greets its clients with their address. */
  int dovecot() throws Exception {
    String dovecot = Programs.path("dovecot");
    assumeTrue(
        Files.isExecutable(Path.of("/usr/lib/dovecot/imap-login")),
        "Dovecot's IMAP is not installed");
    assumeRoot("Dovecot");
    int port = Ports.free();
    String config =
        words(
            "dovecot.conf",
            """
            base_dir = FOLDER/run
            state_dir = FOLDER/state
            log_path = /dev/stderr
            ssl = no
            protocols = imap
            listen = 127.0.0.1
            haproxy_trusted_networks = 127.0.0.0/8
            login_greeting = ready for %r
            service imap-login {
              chroot =
              inet_listener imap {
                port = PORT
                haproxy = yes
              }
              inet_listener imaps {
                port = 0
              }
            }
            passdb {
              driver = static
              args = nopassword
            }
            """,
            port);
    return programs.run(port, dovecot, "-F", "-c", config);
  }

  /** A database whose one account may come from nowhere but this machine. */
  int mariadb() throws Exception {
    String mariadbd = Programs.path("mariadbd");
    int port = Ports.free();
    Path data = Files.createDirectories(programs.folder().resolve("db"));
    String common =
        mariadbd
            + " --no-defaults --user=$(id -un) --datadir="
            + data
            + " --innodb-log-file-size=4M --innodb-buffer-pool-size=8M";
    // The script that does this wants the package of the whole server.
    programs.prepare(
        "sh",
        "-c",
        """
        { printf 'create database mysql;\\nuse mysql;\\n'
          cat /usr/share/mysql/mysql_system_tables.sql
          printf '%s\\n' "insert into global_priv values('localhost','root','{}');"; } |
        """
            + common
            + " --bootstrap");
    return programs.run(
        port,
        "sh",
        "-c",
        "exec %s --socket=%s/socket --port=%d --bind-address=127.0.0.1 --skip-name-resolve"
                .formatted(common, data, port)
            + " --proxy-protocol-networks=127.0.0.1");
  }

  /** A web server that answers with its client's address. */
  int apache() throws Exception {
    return Apache.start(
        programs,
        List.of("remoteip"),
        """
        RemoteIPProxyProtocol On
        ErrorDocument 404 "it is %{REMOTE_ADDR}"
        """);
  }
}
