package org.portbouncer.core.config;

import java.util.List;

/**
 * What a listener has to do with the PROXY protocol: from whom it takes a header, and what it sends
 * to its target.
 *
 * @param from networks, as they are written, whose connections begin with a header
 * @param peers the same, to look an address up in
 * @param send the header that the target gets
 * @param tlvs what a header of version 2 says beside addresses
 */
public record ProxyProtocol(List<String> from, NetworkSet peers, Send send, Tlvs tlvs) {

  /** The header of a connection to a target. */
  public enum Send {
    NONE,
    V1,
    V2
  }

  /**
   * One more thing to say.
   *
   * @param type of the TLV, 0 to 255
   */
  public record Custom(int type, String text) {

    static final Custom BLANK = new Custom(0, "");

    static Custom pass(ConfigWire wire, Custom it) throws ConfigCodecException {
      return new Custom(wire.integer(it.type, 0, 255), wire.text(it.text));
    }
  }

  /**
   * What a header of version 2 says beside addresses.
   *
   * @param uniqueId the session's id and the time it was accepted
   * @param crc32c a checksum of the header
   * @param alpn "" for none
   * @param authority "" for none
   * @param passAll whether all TLVs of a received header are passed on
   * @param pass else the types of those that are
   * @param custom texts of the operator's own
   */
  public record Tlvs(
      boolean uniqueId,
      boolean crc32c,
      String alpn,
      String authority,
      boolean passAll,
      List<Integer> pass,
      List<Custom> custom) {

    /** Whether TLVs that were received are of any use. */
    public boolean passesAny() {
      return passAll || !pass.isEmpty();
    }

    /** The most bytes that they take, without those that are passed on. */
    public int bytes() {
      int bytes = (uniqueId ? 3 + 36 : 0) + (crc32c ? 7 : 0) + bytes(alpn) + bytes(authority);
      for (Custom one : custom) {
        bytes += bytes(one.text());
      }
      return bytes;
    }

    static Tlvs pass(ConfigWire wire, Tlvs it) throws ConfigCodecException {
      return new Tlvs(
          wire.flag(it.uniqueId),
          wire.flag(it.crc32c),
          wire.text(it.alpn),
          wire.text(it.authority),
          wire.flag(it.passAll),
          wire.list(it.pass, 0, (each, type) -> each.integer(type, 0, 255)),
          wire.list(it.custom, Custom.BLANK, Custom::pass));
    }

    private static int bytes(String text) {
      return text.isEmpty() ? 0 : 3 + text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
    }
  }

  private static final Tlvs NO_TLVS = new Tlvs(false, false, "", "", false, List.of(), List.of());

  /** Of a listener that has nothing to do with it. */
  public static final ProxyProtocol UNUSED = of(List.of(), Send.NONE, NO_TLVS);

  /** From networks that are known to be well written. */
  public static ProxyProtocol of(List<String> from, Send send, Tlvs tlvs) {
    NetworkSet peers =
        from.isEmpty() ? NetworkSet.EMPTY : NetworkSet.of(from.toArray(String[]::new));
    return new ProxyProtocol(List.copyOf(from), peers, send, tlvs);
  }

  /** Whether anybody's connections begin with a header. */
  public boolean accepts() {
    return !from.isEmpty();
  }

  static ProxyProtocol pass(ConfigWire wire, ProxyProtocol it) throws ConfigCodecException {
    List<String> from = wire.list(it.from, "", ConfigWire::text);
    Send send = wire.constant(it.send, Send.values());
    Tlvs tlvs = Tlvs.pass(wire, it.tlvs);
    if (!wire.reads()) {
      return it;
    }
    try {
      return of(from, send, tlvs);
    } catch (InvalidValueException e) {
      throw new ConfigCodecException("not a network: " + e.getMessage(), e);
    }
  }
}
