package org.portbouncer.negotiator.cluster;

import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.portbouncer.core.sys.Printable;

/** What went wrong with Redis, in one line for the person who has to mend it. */
final class Trouble {

  private static final int MOST_SAID = 120;

  /** By the word that an error of Redis begins with: what it means here. */
  private static final Map<String, String> MEANINGS =
      Map.ofEntries(
          Map.entry("WRONGPASS", "Redis refuses the user or the token"),
          Map.entry("NOAUTH", "Redis wants a token"),
          Map.entry("NOPERM", "Redis' user may not do what is needed"),
          Map.entry("READONLY", "Redis is a replica"),
          Map.entry("MASTERDOWN", "Redis is a replica whose master is gone"),
          Map.entry("NOREPLICAS", "Redis has fewer replicas than it wants for writing"),
          Map.entry("OOM", "Redis is full"),
          Map.entry("MISCONF", "Redis cannot write to its disk, and so takes nothing"),
          Map.entry("LOADING", "Redis is still loading its data"),
          Map.entry("BUSY", "Redis is busy with a script of somebody's"),
          Map.entry("MOVED", "Redis is one of a Redis Cluster, which does not do"),
          Map.entry("CLUSTERDOWN", "Redis is one of a Redis Cluster, which does not do"));

  private Trouble() {}

  /** What it is, without a full stop: more follows. */
  static String words(Exception e) {
    // Redis says whole sentences.
    return said(e).strip().replaceFirst("\\.+$", "");
  }

  private static String said(Exception e) {
    return switch (e) {
      case RedisException refused -> refusal(refused);
      case UnknownHostException unknown ->
          "the name of Redis is not known: " + unknown.getMessage();
      case SocketTimeoutException late -> "Redis does not answer in time";
      case ConnectException refused -> "Redis cannot be connected: " + refused.getMessage();
      case SSLException tls -> tls(tls);
      case SocketException broken -> "the connection to Redis broke: " + broken.getMessage();
      default -> e.getMessage() == null ? e.toString() : e.getMessage();
    };
  }

  /** What Redis said. */
  private static String refusal(RedisException e) {
    // Behind it, in which line of which script.
    String said = Printable.of(e.getMessage()).replaceFirst(" script: [0-9a-f]{40}.*", "");
    String word = said.split(" ", 2)[0];
    String meaning =
        said.startsWith("ERR AUTH")
            ? "Redis has no password, and is told one"
            : MEANINGS.getOrDefault(word, "Redis refuses");
    return meaning + ": " + said.substring(0, Math.min(MOST_SAID, said.length()));
  }

  private static String tls(SSLException e) {
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      switch (cause) {
        case CertificateExpiredException expired -> {
          return "Redis' certificate has expired: " + expired.getMessage();
        }
        case CertificateNotYetValidException early -> {
          return "Redis' certificate is not valid yet: " + early.getMessage();
        }
        case CertPathBuilderException unknown -> {
          return "Redis' certificate is signed by nobody that is trusted: see cluster.ca";
        }
        case CertPathValidatorException bad when bad.getCause() == null -> {
          return "Redis' certificate is not signed as it has to be: " + bad.getMessage();
        }
        // Of another name or address; those of chains have causes.
        case CertificateException name when name.getCause() == null -> {
          return "Redis' certificate is another host's: " + name.getMessage();
        }
        default -> {
          // What lies below says more.
        }
      }
    }
    String said = String.valueOf(e.getMessage());
    if (said.contains("certificate_required") || said.contains("bad_certificate")) {
      return "Redis wants a certificate of its clients (tls-auth-clients), which is not possible: "
          + said;
    }
    if (said.contains("Unsupported or unrecognized SSL message")) {
      return "Redis does not speak TLS on this port: " + said;
    }
    return "TLS with Redis failed: " + said;
  }
}
