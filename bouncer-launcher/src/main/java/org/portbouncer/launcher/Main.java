package org.portbouncer.launcher;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import org.portbouncer.core.config.LoadResult;
import org.portbouncer.core.sys.EndProcess;
import org.portbouncer.launcher.cli.Cli;
import org.portbouncer.launcher.cli.Results;
import org.portbouncer.launcher.mother.Mother;

/** Where {@code bin/bouncer} enters: every command, and the mother, begins here. */
public final class Main {

  private Main() {}

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    NativeLibraries.prepare();
    // bin/bouncer knows at once what System.console() takes a tenth of a second to find out.
    boolean terminal = Boolean.getBoolean("bouncer.terminal");
    Results out = new Results(new FileOutputStream(FileDescriptor.out), System.out.charset());
    System.exit(new Cli(out, System.err, System.getenv(), terminal, Main::mother).run(args));
  }

  /** What she had to say is out when {@link Mother#run} returns: she need not wait for the VM. */
  private static int mother(LoadResult loaded, boolean debug) {
    int code = Mother.run(loaded, debug);
    if (System.getProperty("bouncer.record") == null) {
      EndProcess.now(code);
    }
    // The class cache that a recording makes is written by the VM when it exits.
    return code;
  }
}
