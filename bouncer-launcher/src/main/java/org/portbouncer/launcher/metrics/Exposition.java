package org.portbouncer.launcher.metrics;

import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.portbouncer.launcher.figures.Figures;

/**
 * What `/metrics` says: the server's own metrics, and those of the mother's JVM and process. Made
 * when it is first needed: to load the libraries takes longer than to start a server. In the
 * mother, on the threads that answer.
 */
final class Exposition {

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final ExpositionFormats formats = ExpositionFormats.init();

  @SuppressWarnings("resource") // lives as long as the process
  Exposition(Supplier<Figures> source) {
    registry.getPrometheusRegistry().register(new FiguresCollector(source));
    List<MeterBinder> basics =
        List.of(
            new JvmMemoryMetrics(),
            new JvmGcMetrics(),
            new JvmThreadMetrics(),
            new ProcessorMetrics(),
            new FileDescriptorMetrics(),
            new UptimeMetrics());
    basics.forEach(binder -> binder.bindTo(registry));
  }

  /**
   * The form that suits a client's Accept header best, of those that there are: the library would
   * choose some that it has not. Prometheus text where it names none, or nothing better: an answer
   * in another form than was asked for is worth more than none.
   */
  ExpositionFormatWriter form(String header) {
    Accept accept = new Accept(header);
    double open = accept.quality("application/openmetrics-text", "application/*");
    double plain = accept.quality("text/plain", "text/*");
    return open > plain || open > 0 && open == plain && named(header)
        ? formats.getOpenMetricsTextFormatWriter()
        : formats.getPrometheusTextFormatWriter();
  }

  /** Whoever names OpenMetrics knows it; to whoever takes anything, text is simpler. */
  private static boolean named(String header) {
    return header != null && header.toLowerCase(Locale.ROOT).contains("openmetrics");
  }

  void write(ExpositionFormatWriter form, OutputStream out) throws IOException {
    form.write(out, registry.getPrometheusRegistry().scrape());
  }
}
