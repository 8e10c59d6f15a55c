package org.portbouncer.launcher.mother.desk;

import org.portbouncer.core.config.Configuration;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.privilege.RunAs;

/**
 * Where the server is asked: the admin socket and the metrics server. Made when it is known who may
 * open them. On the main thread.
 */
public final class Fronts {

  private AdminOpening admin;
  private MetricsOpening metrics;

  /** Says where they are to be, and who answers; none is open then. */
  public void make(Configuration configuration, ServerOperations operations, RunAs runAs) {
    admin = new AdminOpening(configuration.admin(), operations, runAs);
    metrics = new MetricsOpening(configuration.metrics(), operations, runAs);
  }

  public AdminOpening admin() {
    return admin;
  }

  public MetricsOpening metrics() {
    return metrics;
  }

  /** Opens what the user that the server will run as could not. */
  public void asRoot() throws StartException {
    admin.asRoot();
    metrics.asRoot();
  }

  /** Another server wants the port; beside the loop, which has other things to do than to wait. */
  public void giveUpMetrics() {
    try {
      Thread.ofPlatform().daemon().name("metrics-close").start(metrics::close);
    } catch (OutOfMemoryError e) { // no thread to be had
      metrics.close();
    }
  }

  /** Has the admin socket where it was, after a server that was to follow and has failed. */
  public void reopenAdmin() {
    admin.reopen();
  }

  public void close() {
    admin.close();
    metrics.close();
  }
}
