package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a container allows: a user nobody knows, nothing to write, little memory. */
class ContainerIT {
  /** For whom there is no name: OpenShift, for one, gives such. */
  private static final String UID = "1000660000";

  /** Runs what follows as that user, where all is read-only but `place`, and without a /tmp. */
  private static List<String> inContainer(String enter, Path place) {
    return List.of(
        "sh",
        "-ec",
        enter + "; exec env -i PATH=\"$PATH\" BOUNCER_TEST=\"$BOUNCER_TEST\" \"$@\"",
        "sh",
        "unshare",
        "-m",
        "sh",
        "-ec",
        "mount --make-rprivate /; mount -t tmpfs -o ro,mode=0 none /tmp;"
            + " mount --bind '%1$s' '%1$s'; mount -o remount,bind,ro /; exec \"$@\""
                .formatted(place),
        "sh",
        "setpriv",
        "--reuid=" + UID,
        "--regid=" + UID,
        "--clear-groups",
        "--no-new-privs",
        "--bounding-set=-all");
  }

  private static Path place() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root can mount and become somebody else");
    Accounts.assumeReachable(Accounts.USER);
    // Not in /tmp, which is hidden; and near, for the path of a socket is short.
    Path place = Files.createTempDirectory(Checkout.root().resolve("system-tests/target"), "ct");
    for (String attribute : List.of("unix:uid", "unix:gid")) {
      Files.setAttribute(place, attribute, Integer.parseInt(UID));
    }
    CommandResult possible =
        CommandResult.run(null, concat(inContainer(":", place), List.of("sh", "-c", "! ls /tmp")));
    assumeTrue(possible.exit() == 0, "no mounts here: " + possible.allText());
    return place;
  }

  @Test
  void shouldServeAsAnyUserWhereNothingMayBeWrittenIn256MebibytesOfMemory() throws Exception {
    Path place = place();
    int port = Ports.free();
    int metrics = Ports.free();
    ControlGroup group = ControlGroup.make("memory");
    group.limitMemory(256);
    try (group;
        BouncerServer server =
            BouncerServer.startBy(
                inContainer(group.enter(), place),
                place,
                """
                listeners { echo { listen = "127.0.0.1:%d", target = "internal:echo" } }
                metrics { listen = "127.0.0.1:%d" }
                """
                    .formatted(port, metrics))) {
      for (long pid : server.processes()) {
        assertThat(Files.getAttribute(Path.of("/proc/" + pid), "unix:uid"))
            .isEqualTo(Integer.parseInt(UID));
      }
      try (Client client = Client.to(port)) {
        client.echo("from a container");
      }
      assertThat(Scrape.get(metrics, "/readyz")).contains("ready");
      assertThat(group.ended()).as("processes that the kernel ended").isZero();
      assertThat(server.err().text())
          .doesNotContain("memory limit")
          .doesNotContain("Exception")
          .doesNotContain("\tat ");
      server.signal("TERM");
      assertThat(server.awaitExit()).isZero();
    }
    try (Stream<Path> left = Files.list(place)) {
      assertThat(left.map(file -> file.getFileName().toString())).containsExactly("bouncer.conf");
    }
    Files.delete(place.resolve("bouncer.conf"));
    Files.delete(place);
  }

  private static List<String> concat(List<String> first, List<String> then) {
    List<String> all = new ArrayList<>(first);
    all.addAll(then);
    return all;
  }
}
