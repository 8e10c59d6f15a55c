package org.portbouncer.launcher.mother.succession;

import java.io.IOException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.portbouncer.launcher.admin.Operations;
import org.portbouncer.launcher.admin.RefusedException;
import org.portbouncer.launcher.admin.UpgradeView;

/**
 * Passes on how an upgrade goes from the mother's loop to the thread that asked for it, whose peer
 * may be slow to read.
 */
public final class UpgradeWait implements UpgradeWatch {

  private static final int PATIENCE_SECONDS = 120;

  private record Progress(String what) {}

  private record Failed(String why) {}

  private final LinkedBlockingQueue<Object> news = new LinkedBlockingQueue<>();
  private volatile boolean delivered;

  @Override
  public void progress(String what) {
    news.add(new Progress(what));
  }

  @Override
  public void done(UpgradeView how) {
    news.add(how);
  }

  @Override
  public void failed(String why) {
    news.add(new Failed(why));
  }

  @Override
  public boolean delivered() {
    return delivered;
  }

  /** Waits for the end, on the thread that asked. */
  public void await(Operations.Upgraded told) throws RefusedException, IOException {
    try {
      while (true) {
        switch (news.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
          case null ->
              throw new RefusedException("the upgrade takes too long; the log says how far");
          case Progress progress -> told.progress(progress.what());
          case UpgradeView how -> {
            told.done(how);
            return;
          }
          case Failed failed -> throw new RefusedException(failed.why());
          case Object other -> throw new IllegalStateException(other.toString());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RefusedException("interrupted; the upgrade goes on");
    } finally {
      delivered = true;
    }
  }
}
