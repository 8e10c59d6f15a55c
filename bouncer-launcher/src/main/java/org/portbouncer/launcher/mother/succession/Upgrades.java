package org.portbouncer.launcher.mother.succession;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.LibcIdentity;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.launcher.Version;
import org.portbouncer.launcher.admin.UpgradeView;
import org.portbouncer.launcher.mother.epochs.Reloader;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.launch.WorkerCommand;

/**
 * Takes requests to upgrade: looks whether another installation may follow this server, and begins.
 * In the mother, on her loop's thread.
 */
public final class Upgrades {

  private static final int OTHERS_WRITE = 022;

  private final SuccessorParts parts;
  private final Reloader reloader;
  private final Path config;

  /** Null while none is under way. */
  private Successor current;

  public Upgrades(SuccessorParts parts, Reloader reloader, Path config) {
    this.parts = parts;
    this.reloader = reloader;
    this.config = config;
  }

  /**
   * Begins.
   *
   * @param home the other installation
   * @param ifChanged only where what is installed there is not what runs
   * @param watch told how it goes on
   */
  public void begin(Path home, boolean ifChanged, UpgradeWatch watch) {
    String refusal = begun(home, ifChanged, watch);
    if (!refusal.isEmpty()) {
      watch.failed(refusal);
    }
  }

  private String begun(Path home, boolean ifChanged, UpgradeWatch watch) {
    if (!parts.inForce().serving() || parts.shutdown().begun()) {
      return "the server does not serve";
    }
    if (current != null) {
      return "an upgrade is under way";
    }
    if (parts.ground().pid() == 1) {
      return "the server is the first process here, and everything ends with it: start another"
          + " container, or have an init in it";
    }
    if (parts.follows()) {
      return "the server before this one still has sessions";
    }
    Path program = home.resolve("bin").resolve("bouncer");
    try {
      boolean own = isOwn(home);
      for (Path each : List.of(home, home.resolve("bin"), program)) {
        String doubt = own ? "" : doubt(each);
        if (!doubt.isEmpty()) {
          return doubt;
        }
      }
      if (ifChanged && isSame(home)) {
        watch.done(UpgradeView.same(Version.text()));
        return "";
      }
    } catch (IOException e) {
      return program + " cannot be looked at: " + e.getMessage();
    }
    if (!Files.isExecutable(program)) {
      return program + " is no program that this server's user may run";
    }
    if (!reloader.hold("an upgrade is under way")) {
      return "a reload is under way";
    }
    Successor successor = new Successor(parts, new Watch(watch));
    try {
      successor.begin(program.toString(), List.of("start", "-c", config.toString()));
      current = successor;
      return "";
    } catch (SystemCallException e) {
      reloader.letGo();
      return "the new server cannot be started: " + e.getMessage();
    }
  }

  /** Whoever can change what is run here is this server. */
  private static String doubt(Path file) throws IOException {
    if (!Files.exists(file)) {
      return file + " is not there: DIR is an installation, with bin/bouncer in it";
    }
    Map<String, Object> its = Files.readAttributes(file.toRealPath(), "unix:uid,mode");
    int owner = (Integer) its.get("uid");
    if (owner != 0 && owner != LibcIdentity.geteuid()) {
      return file + " belongs to another user (uid " + owner + ")";
    }
    return ((Integer) its.get("mode") & OTHERS_WRITE) != 0
        ? file + " can be changed by others than its owner"
        : "";
  }

  /** What this server was started from it may start again. */
  private static boolean isOwn(Path home) throws IOException {
    String own = System.getProperty("bouncer.home", "");
    return !own.isEmpty() && Files.exists(home) && Files.isSameFile(home, Path.of(own));
  }

  /** Whether the installation is the one that runs, and its jars are those it was started with. */
  private boolean isSame(Path home) throws IOException {
    if (!isOwn(home)) {
      return false;
    }
    try {
      for (StageId stage : StageId.values()) {
        if (WorkerCommand.build(stage) != parts.supervisor().build(stage)) {
          return false;
        }
      }
      return Objects.equals(ProgramFile.now(), parts.program());
    } catch (StartException e) {
      return false;
    }
  }

  /** Lets go of what an upgrade had stopped where it comes to nothing. */
  private final class Watch implements UpgradeWatch {

    private final UpgradeWatch asked;

    Watch(UpgradeWatch asked) {
      this.asked = asked;
    }

    @Override
    public void progress(String what) {
      asked.progress(what);
    }

    @Override
    public void done(UpgradeView how) {
      asked.done(how);
    }

    @Override
    public boolean delivered() {
      return asked.delivered();
    }

    @Override
    public void failed(String why) {
      current = null;
      if (!parts.shutdown().begun()) {
        reloader.letGo();
      }
      asked.failed(why + "; the server serves on as it is");
    }
  }
}
