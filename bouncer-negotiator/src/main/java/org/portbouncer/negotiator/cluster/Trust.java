package org.portbouncer.negotiator.cluster;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** Whose signature on Redis' certificate counts. In the cluster's process. */
final class Trust {

  private Trust() {}

  /**
   * Makes sockets that speak TLS, with whoever has a certificate of theirs.
   *
   * @param pem certificates that sign; "" for those that the JDK knows
   */
  static SSLSocketFactory in(String pem) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(pem.isEmpty() ? null : store(pem));
      context.init(null, managers.getTrustManagers(), null);
      return context.getSocketFactory();
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("no TLS: " + e.getMessage(), e);
    }
  }

  private static KeyStore store(String pem) throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    ByteArrayInputStream in = new ByteArrayInputStream(pem.getBytes(StandardCharsets.ISO_8859_1));
    int count = 0;
    for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
      store.setCertificateEntry("ca" + ++count, one);
    }
    return store;
  }
}
