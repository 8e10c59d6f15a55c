package org.portbouncer.negotiator.connect;

import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Map;
import org.portbouncer.core.session.Cause;

/**
 * Why a name has no address to connect to, in words. Java passes on what gai_strerror(3) says,
 * after the name and a colon. In the connect worker.
 */
final class LookupFailure {

  /** By what the C library says of each EAI code, in lower case. */
  private static final Map<String, String> WORDS =
      Map.of(
          "name or service not known", Cause.NAME_UNKNOWN.words(), // EAI_NONAME
          "no address associated with hostname", Cause.NAME_EMPTY.words(), // EAI_NODATA
          "address family for hostname not supported", Cause.NAME_EMPTY.words(), // EAI_ADDRFAMILY
          "temporary failure in name resolution", Cause.NAME_SERVICE_SILENT.words(), // EAI_AGAIN
          "non-recoverable failure in name resolution",
              Cause.NAME_SERVICE_REFUSES.words(), // EAI_FAIL
          "memory allocation failure", "looking the name up took too much memory"); // EAI_MEMORY

  private LookupFailure() {}

  static String words(String name, UnknownHostException e) {
    String message = String.valueOf(e.getMessage());
    String reason = message.startsWith(name + ": ") ? message.substring(name.length() + 2) : "";
    if (reason.isEmpty()) {
      return Cause.NAME_UNKNOWN.words();
    }
    String known = WORDS.get(reason.toLowerCase(Locale.ROOT));
    // The others tell of the machine: EAI_SYSTEM comes as what its errno says, others as they are.
    return known != null ? known : Cause.NAME_FAILED.words() + ": " + reason;
  }
}
