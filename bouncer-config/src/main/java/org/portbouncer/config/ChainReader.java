package org.portbouncer.config;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.portbouncer.core.config.Chain;
import org.portbouncer.core.config.ChainSecrets;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.HopSecrets;
import org.portbouncer.core.config.InvalidValueException;

/** Reads the chains of proxies. Runs in the mother and in commands. */
final class ChainReader {

  /** A session's record has 8 bits for its chain. */
  private static final int MOST = 254;

  private static final int MOST_HOPS = 16;

  /** Of a user's name, or a password: RFC 1929. */
  private static final int MOST_OF_ONE = 255;

  private static final int MOST_OF_HEADERS = 8192;

  /** What a CONNECT has, or cannot have. */
  private static final Set<String> OURS =
      Set.of("host", "content-length", "transfer-encoding", "connection");

  static final Keys KEYS = new Keys("chains.NAME[]");

  private static final ConfigKey<Chain.Type> TYPE =
      KEYS.required(
          "type",
          Form.choice(
              Map.entry("socks5", Chain.Type.SOCKS5),
              Map.entry("socks4", Chain.Type.SOCKS4),
              Map.entry("http", Chain.Type.HTTP)),
          "what the proxy speaks");

  private static final ConfigKey<Endpoint> PROXY =
      KEYS.required(
          "proxy",
          new Form<>("target", ChainReader::proxy),
          "where it is: `HOST:PORT` or `[v6]:PORT`");

  private static final ConfigKey<String> USER =
      KEYS.optional(
          "user",
          new Form<>("text", ChainReader::user),
          "none",
          "who you are to the proxy; the user's id of `socks4`");

  private static final ConfigKey<String> PASSWORD =
      KEYS.secret(
          "password",
          Form.words("text, or `file:PATH`"),
          "none",
          "the password, or the file whose one line it is, for `socks5` and `http` with a `user`");

  private static final ConfigKey<String> HEADER =
      KEYS.secret(
          "headers.NAME",
          Form.words("text"),
          "none",
          "a header of this name for the CONNECT of `http`");

  private static final ConfigKey<Boolean> RESOLVE =
      KEYS.optional(
          "resolve",
          Form.choice(Map.entry("proxy", false), Map.entry("local", true)),
          "`proxy`; `local` for `socks4`",
          "who looks up a name that is behind this proxy; `proxy` makes SOCKS4 4a");

  private ChainReader() {}

  /** What stands for no chain. */
  private static final String NONE = "none";

  /** A chain by its name, or -1 for `none`. */
  static ValueReader<Integer> reference(List<String> names) {
    ValueReader<Integer> chain = Names.reference("chain", names);
    return (text, where) -> text.equals(NONE) ? Integer.valueOf(-1) : chain.read(text, where);
  }

  /** Every chain. */
  static List<Chain> all(Section chains, List<String> names) {
    List<Chain> all = new ArrayList<>();
    for (String name : names) {
      List<Chain.Hop> hops = new ArrayList<>();
      for (Section hop : chains.elements(name, "proxy")) {
        hops.add(hop(hop));
      }
      Where where = chains.whereOf(name);
      if (name.equals(NONE)) {
        chains.problems().error(where, "no chain can be called none: that stands for no chain");
      }
      if ((hops.isEmpty() || hops.size() > MOST_HOPS) && !chains.problems().hasErrors()) {
        chains
            .problems()
            .error(where, "chains." + name + " has " + hops.size() + " proxies; 1 to 16 it needs");
      }
      all.add(new Chain(name, hops, where.file(), where.line()));
    }
    if (all.size() > MOST) {
      chains
          .problems()
          .error(chains.where(), all.size() + " chains are too many; " + MOST + " are possible");
    }
    if (ChainSecrets.length(all) > ChainSecrets.MOST_BYTES) {
      chains
          .problems()
          .error(
              chains.where(),
              "passwords and headers of all chains have more than "
                  + ChainSecrets.MOST_BYTES
                  + " bytes together");
    }
    return all;
  }

  private static Chain.Hop hop(Section hop) {
    Chain.Type type = hop.read(TYPE);
    Endpoint proxy = hop.read(PROXY);
    String user = Objects.requireNonNullElse(hop.read(USER), "");
    HopSecrets secrets = secrets(hop, type, user);
    // Many a server of SOCKS4 knows no names: whoever has one that does says so.
    String standard = type == Chain.Type.SOCKS4 ? "local" : "proxy";
    Boolean local = hop.read(RESOLVE, standard);
    return new Chain.Hop(type, proxy, user, Boolean.TRUE.equals(local), secrets);
  }

  /** Password and headers, and what does not go together of them. */
  private static HopSecrets secrets(Section hop, Chain.Type type, String user) {
    String password =
        hop.read(
            PASSWORD,
            (text, where) -> atMost(Secrets.read(hop, PASSWORD.name(), text, where, true)));
    boolean written = !hop.isAbsent(PASSWORD.name());
    if (type == Chain.Type.SOCKS4 && written) {
      hop.problems().error(hop.whereOf(PASSWORD.name()), "SOCKS4 has no passwords");
    } else if (type != null && type != Chain.Type.SOCKS4 && user.isEmpty() == written) {
      Where where = hop.whereOf(written ? PASSWORD.name() : USER.name());
      hop.problems()
          .error(where, written ? "a password needs its user" : "a user needs its password");
    }
    if (type == Chain.Type.HTTP && user.indexOf(':') >= 0) {
      hop.problems().error(hop.whereOf(USER.name()), "a user of Basic has no ':'");
    }
    String headers = headers(hop.section("headers"), user);
    if (!headers.isEmpty() && type != null && type != Chain.Type.HTTP) {
      hop.problems().error(hop.whereOf("headers"), "headers are for http alone");
    }
    return HopSecrets.of(Objects.requireNonNullElse(password, ""), headers);
  }

  private static String atMost(String password) {
    if (password.getBytes(StandardCharsets.UTF_8).length > MOST_OF_ONE) {
      throw new InvalidValueException("more than 255 bytes are not possible");
    }
    return password;
  }

  private static String headers(Section headers, String user) {
    StringBuilder lines = new StringBuilder();
    for (String name : headers.keysInOrder()) {
      String value =
          headers.readNamed(
              HEADER,
              name,
              (text, where) -> {
                header(name, user);
                return Secrets.read(headers, name, text, where, false);
              });
      lines.append(name).append(": ").append(value).append("\r\n");
    }
    if (lines.length() > MOST_OF_HEADERS) {
      headers
          .problems()
          .error(headers.where(), "more than " + MOST_OF_HEADERS + " bytes are not possible");
    }
    return lines.toString();
  }

  private static void header(String name, String user) {
    if (!name.matches("[A-Za-z0-9_-]{1,64}")) {
      throw new InvalidValueException("letters, digits, '_' and '-' make the name of a header");
    }
    String small = name.toLowerCase(Locale.ROOT);
    if (OURS.contains(small) || small.equals("proxy-authorization") && !user.isEmpty()) {
      throw new InvalidValueException("this header comes from bouncer itself, or not at all");
    }
  }

  private static Endpoint proxy(String text, Where where) {
    Endpoint proxy = MemberReader.tcpAddress(text.strip(), where);
    if (proxy.isRelative()) {
      throw new InvalidValueException("'" + text + "': a proxy has one port, HOST:PORT");
    }
    return proxy;
  }

  private static String user(String text, Where where) {
    if (text.length() > MOST_OF_ONE || !text.matches("[!-~]*")) {
      throw new InvalidValueException("at most 255 visible ASCII characters are possible");
    }
    return text;
  }
}
