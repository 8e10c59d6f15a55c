package org.portbouncer.config;

/**
 * The keys of how sockets are made, which listeners, groups and members have.
 *
 * @param userTimeout null of listeners, who have it with their keep-alive
 */
record SocketKeys(
    ConfigKey<String> source,
    ConfigKey<String> device,
    ConfigKey<Long> mark,
    ConfigKey<Integer> dscp,
    ConfigKey<Integer> userTimeout,
    ConfigKey<Boolean> mptcp,
    ConfigKey<Boolean> nodelay) {

  private static final String SOURCE = "source";
  private static final String INTERFACE = "interface";
  private static final String MARK = "mark";
  private static final String DSCP = "dscp";
  private static final String MPTCP = "mptcp";
  private static final String NODELAY = "nodelay";

  private static final Form<String> ADDRESS =
      new Form<>("address, or `client`", SocketSettingsReader::source);
  private static final Form<String> DEVICE = new Form<>("name", SocketSettingsReader::device);
  private static final Form<Long> MARKS =
      new Form<>("integer, 0 to 4294967295, or `0x...`", SocketSettingsReader::mark);
  private static final Form<Integer> CLASSES =
      new Form<>("integer, 0 to 63, or name", SocketSettingsReader::dscp);

  /** Those of listeners. */
  static SocketKeys ofListener(Keys keys) {
    return new SocketKeys(
        keys.optional(
            SOURCE,
            ADDRESS,
            "the system's choice",
            "the address that connections to targets come from; `client`: each client's own"),
        keys.optional(
            INTERFACE,
            DEVICE,
            "by its routes",
            "the interface that connections to targets go through (SO_BINDTODEVICE)"),
        keys.optional(
            MARK, MARKS, "none", "mark of packets to targets, for firewall and routing (SO_MARK)"),
        keys.optional(
            DSCP, CLASSES, "0", "class of packets to clients and targets, as in `ef` or `af31`"),
        null,
        keys.optional(
            MPTCP, Form.FLAG, "false", "Multipath TCP, with clients and targets that know it"),
        keys.optional(
            NODELAY,
            Form.FLAG,
            "true",
            "send small pieces at once (TCP_NODELAY), to clients and targets"));
  }

  /**
   * Those of groups and members.
   *
   * @param above whose hold where one is left out
   */
  static SocketKeys ofTargets(Keys keys, String above) {
    return new SocketKeys(
        keys.optional(SOURCE, ADDRESS, above, "as of a listener"),
        keys.optional(INTERFACE, DEVICE, above, "as of a listener"),
        keys.optional(MARK, MARKS, above, "as of a listener"),
        keys.optional(DSCP, CLASSES, above, "as of a listener, of packets to targets"),
        keys.optional(
            "user-timeout",
            ListenerReader.USER_TIMEOUTS,
            above,
            "as of a listener, of connections to targets"),
        keys.optional(MPTCP, Form.FLAG, above, "as of a listener, with targets"),
        keys.optional(NODELAY, Form.FLAG, above, "as of a listener, to targets"));
  }
}
