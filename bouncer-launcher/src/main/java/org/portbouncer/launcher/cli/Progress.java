package org.portbouncer.launcher.cli;

import java.io.PrintStream;

/** A progress bar on standard error, where that is a terminal; nothing elsewhere. */
final class Progress {

  private static final int WIDTH = 40;

  private final PrintStream err;
  private final boolean shown;
  private final long startedAt = System.nanoTime();

  Progress(PrintStream err, boolean shown) {
    this.err = err;
    this.shown = shown;
  }

  void done(int done, int total) {
    if (!shown) {
      return;
    }
    int filled = WIDTH * done / total;
    long elapsed = (System.nanoTime() - startedAt) / 1_000_000_000;
    long left = done == 0 ? 0 : elapsed * (total - done) / done;
    err.printf(
        "\r[%s%s] %d of %d runs, %d s left ",
        "#".repeat(filled), ".".repeat(WIDTH - filled), done, total, left);
    if (done == total) {
      err.printf("\r%" + (WIDTH + 40) + "s\r", "");
    }
    err.flush();
  }
}
