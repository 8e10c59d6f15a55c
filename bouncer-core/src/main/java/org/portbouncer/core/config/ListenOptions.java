package org.portbouncer.core.config;

/**
 * How the sockets of a listener are made.
 *
 * @param mode permission bits of its socket files; -1 for those of the process
 * @param owner who owns them; "" for whom the server runs as
 * @param group their group; "" likewise
 * @param freeBind whether an address may be bound that this machine does not have (yet)
 */
public record ListenOptions(int mode, String owner, String group, boolean freeBind) {

  /** What holds where nothing is said. */
  public static final ListenOptions NONE = new ListenOptions(-1, "", "", false);

  static ListenOptions pass(ConfigWire wire, ListenOptions it) throws ConfigCodecException {
    return new ListenOptions(
        wire.integer(it.mode, -1, 0777),
        wire.text(it.owner),
        wire.text(it.group),
        wire.flag(it.freeBind));
  }
}
