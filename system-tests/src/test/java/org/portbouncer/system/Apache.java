package org.portbouncer.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;

/** Debian's Apache with nothing but what a test has it do. */
final class Apache {
  private static final Path MODULES = Path.of("/usr/lib/apache2/modules");

  private Apache() {}

  /**
   * @param modules to load, without {@code mod_}
   * @param rules of the one host
   * @return its port of loopback
   */
  static int start(Programs programs, Collection<String> modules, String rules) throws IOException {
    String apache = Programs.path("apache2");
    Assumptions.assumeTrue(Files.isDirectory(MODULES), "Apache's modules are not installed");
    int port = Ports.free();
    String loads =
        modules.stream()
            .map(name -> "LoadModule %1$s_module %2$s/mod_%1$s.so\n".formatted(name, MODULES))
            .collect(Collectors.joining());
    String config =
        programs.file(
            "apache-" + port + ".conf",
            """
            ServerRoot %1$s
            ServerName localhost
            PidFile %1$s/apache-%2$d.pid
            ErrorLog /dev/stderr
            Mutex posixsem
            DocumentRoot %1$s
            LoadModule mpm_event_module %3$s/mod_mpm_event.so
            LoadModule authz_core_module %3$s/mod_authz_core.so
            %4$sUser nobody
            Group nogroup
            StartServers 1
            Listen 127.0.0.1:%2$d
            <VirtualHost 127.0.0.1:%2$d>
            %5$s</VirtualHost>
            """
                .formatted(programs.folder(), port, MODULES, loads, rules));
    return programs.run(port, apache, "-DFOREGROUND", "-f", config);
  }
}
