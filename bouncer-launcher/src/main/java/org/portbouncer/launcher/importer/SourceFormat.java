package org.portbouncer.launcher.importer;

import java.nio.file.Path;
import java.util.Locale;

/** The formats that can be imported, by the names of their programs. */
public enum SourceFormat {
  /** The internet redirection server. */
  RINETD(RinetdReader::read),
  /** The extended internet daemon: its services with a redirect. */
  XINETD(XinetdReader::read),
  /** The listeners of HAProxy with mode tcp. */
  HAPROXY(HaproxyReader::read),
  /** The stream block of nginx. */
  NGINX(NginxReader::read),
  /** Inferno Nettverk's port bouncer. */
  BAREFOOT(BarefootReader::read);

  /** Reads a file of a format. */
  @FunctionalInterface
  interface Reading {
    Draft read(Path file) throws UnreadableException;
  }

  // A reference to a method without state.
  @SuppressWarnings("ImmutableEnumChecker")
  private final Reading reading;

  SourceFormat(Reading reading) {
    this.reading = reading;
  }

  Draft read(Path file) throws UnreadableException {
    return reading.read(file);
  }

  /** As operators write it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
