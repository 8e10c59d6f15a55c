package org.portbouncer.config;

import java.util.List;

/**
 * What a kind of value looks like, once for all keys of that type: what docs/configuration.md and
 * the man page say.
 *
 * @param name as the schema has it
 * @param text for people, with what is typed in backticks
 */
public record ValueForm(String name, String text) {

  private static final List<ValueForm> ALL =
      List.of(
          new ValueForm(
              "address",
              "`\"HOST:PORT\"`, `\"[v6]:PORT\"`, `\"unix:PATH\"`. Numeric: names are not "
                  + "allowed where the server listens. `\"*:8080\"` and `\":8080\"` are "
                  + "`0.0.0.0:8080`, every IPv4 address; every IPv6 address is "
                  + "`\"[::]:8080\"`. Port 0 lets the kernel pick one."),
          new ValueForm(
              "target",
              "`\"HOST:PORT\"` with an address or a name (resolved when connecting), "
                  + "`\"[v6]:PORT\"`, `\"unix:PATH\"`, `\"internal:http\"`, `\"internal:echo\"`, "
                  + "`\"internal:discard\"`, `\"group:NAME\"`. Port 1 to 65535."),
          new ValueForm(
              "network",
              "`\"10.0.0.0/8\"`, `\"2001:db8::/32\"`, or one address. Bits set beyond the "
                  + "prefix are an error. `0.0.0.0/0` is every IPv4 address and no IPv6 "
                  + "address, `::/0` the reverse; `::ffff:a.b.c.d` is IPv4. `\"file:PATH\"` "
                  + "reads a list, one network a line, `#` comments; 4,000,000 networks of "
                  + "each family at most in all lists of a configuration, 244 MiB and lines "
                  + "of 4096 bytes in one file."),
          new ValueForm(
              "duration",
              "a number with `ms`, `s`, `m`, `h` or `d`, or `0`: `500ms`, `10s`, `1h`."),
          new ValueForm(
              "size",
              "a number of bytes, or one with `B`, `KiB`, `MiB`, `GiB` (powers of "
                  + "1024), `kB`, `MB`, `GB` (powers of 1000)."),
          new ValueForm(
              "rate",
              "a number with `B/s`, `KiB/s`, `MiB/s`, `GiB/s`, `kB/s`, `MB/s`, `GB/s`, "
                  + "`bit/s`, `kbit/s`, `Mbit/s`, `Gbit/s`; a whole number of bytes per "
                  + "second, 8 bit/s to 1000 GB/s."),
          new ValueForm(
              "COUNT/DURATION",
              "sessions in a time: `\"50/1s\"`, `\"3/10s\"`; `\"10/s\"` is ten a second."),
          new ValueForm(
              "schedule",
              "`\"[DAYS] [HH:MM-HH:MM] [ZONE]\"`, several separated by `;`. Days: "
                  + "`Mon-Fri`, `Mon,Wed,Fri`, `Fri-Mon`. Hours that wrap midnight, "
                  + "`22:00-06:00`, belong to the day they start on; `24:00` may end them. "
                  + "Without days every day, without hours the whole day, without a zone the "
                  + "system's, as the C library and `date` see it: `TZ`, else what "
                  + "`/etc/localtime` holds, whatever its name says; where that is a zone "
                  + "nobody knows, a warning says what is taken instead. `show-config` and "
                  + "`acl test` name it. Hours are wall-clock hours: they follow daylight "
                  + "saving."),
          new ValueForm("name", "letters, digits, `_`, `-`, `.`; up to 64."));

  /** All of them, in the order of the documentation. */
  public static List<ValueForm> all() {
    return ALL;
  }

  /** Its row in docs/configuration.md. */
  public String documentationRow() {
    return "| " + name + " | " + text + " |";
  }
}
