package org.portbouncer.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.IpAddress;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.config.TargetGroup;

/** Reads how sockets are made. Runs in the mother and in commands. */
final class SocketSettingsReader {

  /** RFC 2474, 2597, 3246, 8622. */
  private static final Map<String, Integer> CLASSES = Map.of("ef", 46, "va", 44, "le", 1);

  private SocketSettingsReader() {}

  /** Those of a listener, a group or a member. */
  static SocketSettings read(Section section, SocketKeys keys) {
    Integer userTimeoutMs = keys.userTimeout() == null ? null : section.read(keys.userTimeout());
    SocketSettings read =
        new SocketSettings(
            Objects.requireNonNullElse(section.read(keys.source()), ""),
            Objects.requireNonNullElse(section.read(keys.device()), ""),
            Objects.requireNonNullElse(section.read(keys.mark()), (long) SocketSettings.UNSET),
            Objects.requireNonNullElse(section.read(keys.dscp()), SocketSettings.UNSET),
            Objects.requireNonNullElse(userTimeoutMs, SocketSettings.UNSET),
            flag(section.read(keys.mptcp())),
            flag(section.read(keys.nodelay())));
    return read.isNone() ? SocketSettings.NONE : read;
  }

  private static int flag(Boolean flag) {
    return flag == null ? SocketSettings.UNSET : flag ? 1 : 0;
  }

  static String source(String text, Where where) {
    if (text.equals(SocketSettings.CLIENT)) {
      return text;
    }
    IpAddress address = IpAddress.parse(text);
    if (address == null) {
      throw new InvalidValueException(
          "'" + text + "' is neither an address of this machine, without a port, nor client");
    }
    if (text.toLowerCase(Locale.ROOT).matches("fe[89ab][0-9a-f]:.*")) {
      throw new InvalidValueException(
          "'" + text + "' is link-local; such a source is not possible");
    }
    return address.toString();
  }

  static String device(String text, Where where) {
    if (!text.matches("[^/\\s:]{1,15}")) {
      throw new InvalidValueException("'" + text + "' is not the name of an interface");
    }
    return text;
  }

  static Long mark(String text, Where where) {
    boolean hex = text.matches("0[xX][0-9A-Fa-f]{1,8}");
    if (!hex && !text.matches("[0-9]{1,10}")) {
      throw new InvalidValueException("'" + text + "' is not a number such as 7 or 0x2a");
    }
    long mark = hex ? Long.parseLong(text.substring(2), 16) : Long.parseLong(text);
    if (mark > SocketSettings.MOST_MARK) {
      throw new InvalidValueException(
          "'" + text + "' is too much; 0 to " + SocketSettings.MOST_MARK);
    }
    return mark;
  }

  static Integer dscp(String text, Where where) {
    String name = text.toLowerCase(Locale.ROOT);
    if (CLASSES.containsKey(name)) {
      return CLASSES.get(name);
    }
    if (name.matches("cs[0-7]")) {
      return 8 * (name.charAt(2) - '0');
    }
    if (name.matches("af[1-4][1-3]")) {
      return 8 * (name.charAt(2) - '0') + 2 * (name.charAt(3) - '0');
    }
    if (!text.matches("[0-9]{1,2}") || Integer.parseInt(text) > SocketSettings.MOST_DSCP) {
      throw new InvalidValueException(
          "'"
              + text
              + "' is not possible; 0 to 63, or a name: cs0 to cs7, af11 to af43, ef, va, le");
    }
    return Integer.parseInt(text);
  }

  /**
   * Says what cannot be, or has no effect, of a listener's settings and of those of its members.
   */
  static void check(Section section, Listener listener, TargetGroup group) {
    Where where = section.where();
    SocketSettings own = listener.sockets();
    List<String> without = new ArrayList<>();
    if ((listener.target().kind() == Endpoint.Kind.UNIX
            || listener.target().kind() == Endpoint.Kind.INTERNAL)
        && (!own.source().isEmpty() || !own.device().isEmpty() || own.mark() >= 0)) {
      without.add(listener.target().text());
    }
    for (String target : without) {
      section
          .problems()
          .warn(
              where,
              "listeners."
                  + listener.name()
                  + ": source, interface and mark have no effect: no address is connected to for "
                  + target);
    }
    if (listener.via() >= 0) {
      return;
    }
    if (group == null) {
      family(section, where, "listeners." + listener.name(), own, listener.target());
    } else {
      for (TargetGroup.Member member : group.members()) {
        if (member.address() != null) {
          family(
              section,
              where,
              "listeners." + listener.name() + ", member " + member.name() + " of " + group.name(),
              member.sockets().over(own),
              member.address());
        }
      }
    }
  }

  private static void family(
      Section section, Where where, String who, SocketSettings settings, Endpoint target) {
    String source = settings.source();
    if (target.kind() == Endpoint.Kind.INET
        && !source.isEmpty()
        && !source.equals(SocketSettings.CLIENT)
        && source.indexOf(':') < 0 != target.host().indexOf(':') < 0) {
      section
          .problems()
          .error(
              where,
              who
                  + ": source "
                  + source
                  + " and target "
                  + target.text()
                  + " are of different families");
    }
  }
}
