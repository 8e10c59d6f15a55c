package org.portbouncer.launcher.mother.desk;

import java.io.IOException;
import java.nio.file.Path;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.launcher.admin.AdminServer;
import org.portbouncer.launcher.admin.Operations;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.privilege.RunAs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The admin socket of the mother, from the decision who makes it to its end. On the main thread.
 */
public final class AdminOpening {

  private static final Logger LOG = LoggerFactory.getLogger(AdminOpening.class);

  private final Path socket;
  private final int mode;
  private final Operations operations;
  private final RunAs runAs;

  /** Null until it is open. */
  private AdminServer server;

  public AdminOpening(Configuration.Admin settings, Operations operations, RunAs runAs) {
    this.socket = Path.of(settings.socket());
    this.mode = settings.mode();
    this.operations = operations;
    this.runAs = runAs;
  }

  /** Opens the socket, if the user that the server will run as could not. */
  public void asRoot() throws StartException {
    try {
      if (AdminServer.needsRoot(socket, mode, runAs)) {
        open();
      }
    } catch (IOException e) {
      throw new StartException(e.getMessage(), e);
    }
  }

  /**
   * Opens the socket, if that was not done.
   *
   * @throws StartException where it cannot be
   */
  public void open() throws StartException {
    if (server == null) {
      try {
        server = AdminServer.open(socket, mode, runAs, operations);
      } catch (IOException e) {
        throw new StartException(e.getMessage(), e);
      }
    }
  }

  /**
   * Opens it in the place of another server's.
   *
   * @throws StartException where it cannot be
   */
  public void replace() throws StartException {
    try {
      server = AdminServer.replace(socket, mode, runAs, operations);
    } catch (IOException e) {
      throw new StartException(e.getMessage(), e);
    }
  }

  /** Has the name again where a server that was to follow this one has failed with it. */
  public void reopen() {
    if (!server.hasName()) {
      server.close();
      try {
        replace();
        server.prepare();
      } catch (StartException e) {
        LOG.error("{}", e.getMessage());
      }
    }
  }

  /** Says that the server is up. */
  public void serving() {
    server.prepare();
  }

  /** Removes the socket. */
  public void close() {
    if (server != null) {
      server.close();
    }
  }
}
