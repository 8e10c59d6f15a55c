package org.portbouncer.launcher;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.nio.file.Path;
import org.portbouncer.config.LoadResult;
import org.portbouncer.core.sys.EndProcess;
import org.portbouncer.launcher.cli.Cli;
import org.portbouncer.launcher.cli.Results;
import org.portbouncer.launcher.mother.Mother;
import org.portbouncer.launcher.mother.launch.Forerunners;

/** Where {@code bin/bouncer} enters: every command, and the mother, begins here. */
public final class Main {

  private Main() {}

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    NativeLibraries.prepare();
    // bin/bouncer knows at once what System.console() takes a tenth of a second to find out.
    boolean terminal = Boolean.getBoolean("bouncer.terminal");
    Results out = new Results(new FileOutputStream(FileDescriptor.out), System.out.charset());
    System.exit(new Cli(out, System.err, System.getenv(), terminal, new Server()).run(args));
  }

  /** The mother, and the workers that are started ahead of her. */
  private static final class Server implements ServerRunner {

    private Forerunners forerunners;

    @Override
    public void prepare(Path configuration) {
      forerunners = Forerunners.begin(configuration);
    }

    @Override
    public void abandon() {
      forerunners.close();
    }

    /** What she had to say is out when she returns: she need not wait for the VM. */
    @Override
    public int run(LoadResult loaded, boolean debug) {
      int code = Mother.run(loaded, debug, forerunners);
      if (System.getProperty("bouncer.record") == null) {
        EndProcess.now(code);
      }
      // The class cache that a recording makes is written by the VM when it exits.
      return code;
    }
  }
}
