package org.portbouncer.launcher.mother.desk;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.launcher.metrics.MetricsServer;
import org.portbouncer.launcher.metrics.MetricsSource;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.privilege.RunAs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The metrics server of the mother, where one is wanted, from its socket to its end. It is opened
 * while the workers start, where root need not bind the port before. On the main thread.
 */
public final class MetricsOpening {

  private static final Logger LOG = LoggerFactory.getLogger(MetricsOpening.class);

  /** For the server before this one to close its own. */
  private static final long FREE_NANOS = 10_000_000_000L;

  private static final long AGAIN_NANOS = 20_000_000;

  private static final int FIRST_PORT_FOR_ALL = 1024;

  private final Endpoint listen;
  private final List<String> hosts;
  private final MetricsSource source;
  private final RunAs runAs;
  private CompletableFuture<MetricsServer> opening;

  /**
   * @param settings where, or nowhere, and by which names
   */
  public MetricsOpening(Configuration.Metrics settings, MetricsSource source, RunAs runAs) {
    this.listen = settings.listen();
    this.hosts = settings.hosts();
    this.source = source;
    this.runAs = runAs;
  }

  /** Binds and waits for it, if the user that the server will run as could not. */
  public void asRoot() throws StartException {
    if (listen != null
        && runAs.changes()
        && listen.port() > 0
        && listen.port() < FIRST_PORT_FOR_ALL) {
      begin();
      await();
    }
  }

  /** Begins to open it, if that was not done. */
  public void begin() {
    if (listen != null && opening == null) {
      opening =
          CompletableFuture.supplyAsync(
              this::open, task -> Thread.ofPlatform().daemon().name("metrics-open").start(task));
    }
  }

  /** Opens it once a server before this one has let go of the port, and says so. */
  public void follow() {
    if (listen == null) {
      return;
    }
    opening =
        CompletableFuture.supplyAsync(
            this::openWhenFree,
            task -> Thread.ofPlatform().daemon().name("metrics-open").start(task));
    opening =
        opening.whenComplete(
            (server, failure) -> {
              if (failure != null) {
                LOG.error("{}; there are no metrics", failure.getCause().getMessage());
              } else {
                served(server);
              }
            });
  }

  private MetricsServer openWhenFree() {
    long until = System.nanoTime() + FREE_NANOS;
    while (true) {
      try {
        return open();
      } catch (CompletionException e) {
        if (System.nanoTime() - until > 0) {
          throw e;
        }
        LockSupport.parkNanos(AGAIN_NANOS);
      }
    }
  }

  private MetricsServer open() {
    InetAddress host = InetAddress.ofLiteral(listen.host());
    try {
      return MetricsServer.open(new InetSocketAddress(host, listen.port()), hosts, source);
    } catch (IOException e) {
      String why = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
      throw new CompletionException(
          new IOException("cannot serve metrics on " + listen.text() + ": " + why, e));
    }
  }

  /**
   * Waits until it answers.
   *
   * @throws StartException where it could not be opened
   */
  public void await() throws StartException {
    if (opening != null) {
      try {
        opening.join();
      } catch (CompletionException e) {
        throw new StartException(e.getCause().getMessage(), e);
      }
    }
  }

  /** Says that the server is up. */
  public void serving() {
    if (opening != null) {
      served(opening.join());
    }
  }

  private static void served(MetricsServer server) {
    server.serving();
    LOG.info("metrics and status page: http://{}/", server.addressText());
  }

  /** Closes it; one that is still being opened, too. */
  public void close() {
    if (opening != null) {
      opening.handle((open, failure) -> open).thenAccept(MetricsOpening::close).join();
    }
  }

  private static void close(MetricsServer server) {
    if (server != null) {
      server.close();
    }
  }
}
