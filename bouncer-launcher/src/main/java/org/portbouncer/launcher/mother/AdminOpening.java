package org.portbouncer.launcher.mother;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.launcher.admin.AdminServer;
import org.portbouncer.launcher.admin.Operations;
import org.portbouncer.launcher.privilege.RunAs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The admin socket of the mother, from the decision who makes it to its end. Loading its library
 * takes as long as starting the workers, so that both are done at once, where root need not make
 * the socket before. On the main thread.
 */
final class AdminOpening {

  private static final Logger LOG = LoggerFactory.getLogger(AdminOpening.class);

  private final Path socket;
  private final int mode;
  private final Operations operations;
  private final RunAs runAs;
  private CompletableFuture<AdminServer> opening;

  AdminOpening(Configuration.Admin settings, Operations operations, RunAs runAs) {
    this.socket = Path.of(settings.socket());
    this.mode = settings.mode();
    this.operations = operations;
    this.runAs = runAs;
  }

  /** Opens the socket and waits for it, if the user that the server will run as could not. */
  void asRoot() throws StartException {
    try {
      if (AdminServer.needsRoot(socket, mode, runAs)) {
        begin();
        await();
      }
    } catch (IOException e) {
      throw new StartException(e.getMessage(), e);
    }
  }

  /** Begins to open the socket, if that was not done. */
  void begin() {
    if (opening == null) {
      opening = CompletableFuture.supplyAsync(this::open);
    }
  }

  private AdminServer open() {
    try {
      return AdminServer.open(socket, mode, runAs, operations);
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  /**
   * Waits until requests are answered.
   *
   * @throws StartException where the socket could not be opened
   */
  void await() throws StartException {
    try {
      opening.join();
    } catch (CompletionException e) {
      throw new StartException(e.getCause().getMessage(), e);
    }
  }

  /** Removes the socket; one that is still being opened, too. */
  void close() {
    if (opening == null) {
      return;
    }
    try {
      opening.join().close();
    } catch (CompletionException e) {
      LOG.debug("the admin socket was not opened: {}", e.getMessage());
    } catch (IOException e) {
      LOG.warn("the admin socket did not close: {}", e.getMessage());
    }
  }
}
