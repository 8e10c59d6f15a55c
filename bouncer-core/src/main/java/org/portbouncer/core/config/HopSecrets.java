package org.portbouncer.core.config;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What nobody but a proxy and the connect workers may know of a hop. The mother has it from the
 * configuration; it is no part of what all workers get ({@link ConfigCodec}) and travels as {@link
 * ChainSecrets}. Its text says nothing.
 */
public final class HopSecrets {

  /** What stands for a secret wherever settings are shown. */
  public static final String SHOWN = "***";

  /** A hop without any. */
  public static final HopSecrets NONE = new HopSecrets(new byte[0], new byte[0]);

  private final byte[] password;
  private final byte[] headers;

  HopSecrets(byte[] password, byte[] headers) {
    this.password = password;
    this.headers = headers;
  }

  /**
   * Those with these texts.
   *
   * @param headers whole lines, each with its CRLF
   */
  public static HopSecrets of(String password, String headers) {
    return new HopSecrets(
        password.getBytes(StandardCharsets.UTF_8), headers.getBytes(StandardCharsets.UTF_8));
  }

  /** The password as the proxy gets it; empty for none. */
  public byte[] password() {
    return password.clone();
  }

  /** Lines for the head of a CONNECT, each with its CRLF; empty for none. */
  public byte[] headers() {
    return headers.clone();
  }

  boolean isEmpty() {
    return password.length == 0 && headers.length == 0;
  }

  int length() {
    return password.length + headers.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HopSecrets secrets
        && Arrays.equals(password, secrets.password)
        && Arrays.equals(headers, secrets.headers);
  }

  @Override
  public int hashCode() {
    return 0;
  }

  @Override
  public String toString() {
    return isEmpty() ? "" : SHOWN;
  }
}
