package org.portbouncer.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.core.config.ProxyProtocol;
import org.portbouncer.core.config.TargetGroup;

/** Reads what listeners say of the PROXY protocol. In the mother and in commands. */
final class ProxyReader {

  /** What nginx takes, and the shortest limit of those who read such a header. */
  private static final int SAFE_BYTES = 107;

  /** A header of version 2 with IPv6 addresses. */
  private static final int ADDRESSES = 16 + 36;

  private static final int MOST_TEXT = 255;

  /** Types that the protocol leaves to applications and to experiments. */
  private static final int FIRST_CUSTOM = 0xe0;

  private static final int LAST_CUSTOM = 0xf7;

  /** Which header is sent. */
  static final Form<ProxyProtocol.Send> SEND =
      Form.choice(
          Map.entry("none", ProxyProtocol.Send.NONE),
          Map.entry("v1", ProxyProtocol.Send.V1),
          Map.entry("v2", ProxyProtocol.Send.V2));

  static final Keys KEYS = new Keys("listeners.NAME");

  private static final ConfigKey<String> FROM =
      KEYS.optional(
          "accept-proxy.from",
          new Form<>("network or list of networks", (text, where) -> network(text.strip())),
          "nobody",
          "who must begin with a PROXY header, of version 1 or 2, that says who the client is");

  private static final ConfigKey<ProxyProtocol.Send> SEND_PROXY =
      KEYS.withDefault(
          "send-proxy", SEND, "none", "the PROXY header that the target gets before all else");

  private static final Form<String> TEXT = new Form<>("text", (text, where) -> text(text));

  private static final ConfigKey<Boolean> UNIQUE_ID =
      KEYS.withDefault(
          "send-proxy-tlvs.unique-id",
          Form.FLAG,
          "false",
          "a `v2` header has the session's id and the time it was accepted, as in"
              + " `17-1795779129129`");

  private static final ConfigKey<Boolean> CRC32C =
      KEYS.withDefault("send-proxy-tlvs.crc32c", Form.FLAG, "false", "it has a checksum");

  private static final ConfigKey<String> ALPN =
      KEYS.withDefault("send-proxy-tlvs.alpn", TEXT, "", "it has this; empty: it has none");

  private static final ConfigKey<String> AUTHORITY =
      KEYS.withDefault("send-proxy-tlvs.authority", TEXT, "", "it has this; empty: it has none");

  private static final ConfigKey<String> PASS =
      KEYS.withDefault(
          "send-proxy-tlvs.pass",
          new Form<>("`none`, `all` or list of types", ProxyReader::passed),
          "none",
          "it has these TLVs of the header that was received, as in `[0x02, 0xEA]`; those that are"
              + " set here come instead of them");

  private static final ConfigKey<ProxyProtocol.Custom> CUSTOM =
      KEYS.optional(
          "send-proxy-tlvs.custom.NAME",
          Form.words("text"),
          "none",
          "it has a TLV of this type, `0xE0` to `0xF7`, with this text");

  private ProxyReader() {}

  static ProxyProtocol read(
      Section listener, List<Endpoint> listen, Endpoint target, TargetGroup group) {
    List<String> from = listener.section("accept-proxy").readList(FROM);
    ProxyProtocol.Send send = listener.read(SEND_PROXY);
    Section section = listener.section("send-proxy-tlvs");
    ProxyProtocol.Tlvs tlvs = tlvs(section);
    ProxyProtocol proxy =
        ProxyProtocol.of(
            from == null ? List.of() : from,
            Objects.requireNonNullElse(send, ProxyProtocol.Send.NONE),
            tlvs);
    doubts(listener, proxy, sends(proxy, group), listen, target);
    return proxy;
  }

  private static ProxyProtocol.Tlvs tlvs(Section section) {
    List<String> pass = section.readList(PASS);
    List<String> passed = pass == null ? List.of() : pass;
    List<ProxyProtocol.Custom> custom = new ArrayList<>();
    Section texts = section.section("custom");
    Set<Integer> seen = new HashSet<>();
    for (String name : Names.of(texts)) {
      ProxyProtocol.Custom one =
          texts.readNamed(
              CUSTOM,
              name,
              (text, where) -> new ProxyProtocol.Custom(customType(name, seen), text(text)));
      if (one != null) {
        custom.add(one);
      }
    }
    return new ProxyProtocol.Tlvs(
        Boolean.TRUE.equals(section.read(UNIQUE_ID)),
        Boolean.TRUE.equals(section.read(CRC32C)),
        Objects.requireNonNullElse(section.read(ALPN), ""),
        Objects.requireNonNullElse(section.read(AUTHORITY), ""),
        passed.contains("all"),
        passed.stream()
            .filter(one -> !one.equals("all") && !one.equals("none"))
            .map(ProxyReader::typeOrZero)
            .toList(),
        List.copyOf(custom));
  }

  private static String network(String text) {
    NetworkSet.builder().add(text);
    return text;
  }

  private static String passed(String text, Where where) {
    if (!text.equals("none") && !text.equals("all")) {
      type(text);
    }
    return text;
  }

  private static String text(String text) {
    if (text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length > MOST_TEXT) {
      throw new InvalidValueException("more than " + MOST_TEXT + " bytes are not possible");
    }
    return text;
  }

  private static int customType(String name, Set<Integer> seen) {
    int type = type(name);
    if (type < FIRST_CUSTOM || type > LAST_CUSTOM) {
      throw new InvalidValueException(
          "'" + name + "' is no type for texts of your own; 0xE0 to 0xF7 are");
    }
    if (!seen.add(type)) {
      throw new InvalidValueException("'" + name + "' is there twice");
    }
    return type;
  }

  private static int typeOrZero(String text) {
    return type(text);
  }

  private static int type(String text) {
    String number = text.toLowerCase(Locale.ROOT);
    try {
      int type =
          number.startsWith("0x")
              ? Integer.parseInt(number.substring(2), 16)
              : Integer.parseInt(number);
      if (type >= 0 && type <= 255) {
        return type;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new InvalidValueException("'" + text + "' is no type of a TLV; 0x00 to 0xFF are");
  }

  /** Every kind of header that its sessions may send. */
  static Set<ProxyProtocol.Send> sends(ProxyProtocol proxy, TargetGroup group) {
    Set<ProxyProtocol.Send> sends = new HashSet<>();
    List<TargetGroup.Member> members = group == null ? List.of() : group.members();
    members.forEach(one -> sends.add(one.send() == null ? proxy.send() : one.send()));
    if (group == null) {
      sends.add(proxy.send());
    }
    return sends;
  }

  private static void doubts(
      Section listener,
      ProxyProtocol proxy,
      Set<ProxyProtocol.Send> sends,
      List<Endpoint> listen,
      Endpoint target) {
    ProxyProtocol.Tlvs tlvs = proxy.tlvs();
    boolean anyTlv = tlvs.bytes() > 0 || tlvs.passesAny();
    if (!sends.contains(ProxyProtocol.Send.V2) && anyTlv) {
      listener
          .problems()
          .warn(
              listener.where(),
              "'send-proxy-tlvs' has no effect: only a header of version 2 has them, and send-proxy"
                  + " is not v2");
    } else if (tlvs.passesAny() && !proxy.accepts()) {
      listener
          .problems()
          .warn(
              listener.where(),
              "'send-proxy-tlvs.pass' has no effect: no client sends a header (accept-proxy)");
    } else if (ADDRESSES + tlvs.bytes() > SAFE_BYTES || tlvs.passesAny()) {
      listener
          .problems()
          .warn(
              listener.where(),
              "the PROXY header can have more than "
                  + SAFE_BYTES
                  + " bytes: nginx takes no more, and others few more");
    }
    if (sends.equals(Set.of(ProxyProtocol.Send.NONE))) {
      return;
    }
    if (target != null && target.kind() == Endpoint.Kind.INTERNAL) {
      listener
          .problems()
          .warn(
              listener.whereOf("send-proxy"),
              "'send-proxy' has no effect: an internal target takes no header");
    }
    if (sends.contains(ProxyProtocol.Send.V1)
        && listen.stream().anyMatch(one -> one.kind() == Endpoint.Kind.UNIX)) {
      listener
          .problems()
          .warn(
              listener.whereOf("send-proxy"),
              "clients of a unix: address have none to send: the target gets the addresses of the"
                  + " connection to it, as if they came from here");
    }
  }
}
