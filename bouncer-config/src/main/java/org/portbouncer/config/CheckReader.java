package org.portbouncer.config;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.TargetGroup.Check;

/**
 * Reads how the members of a group are asked whether they are up. Runs in the mother and in
 * commands.
 */
final class CheckReader {

  /** Of what a check sends, and looks for in as much of an answer. */
  private static final int MOST_BYTES = 4096;

  static final Keys KEYS = new Keys("targets.NAME.check");

  private static final ConfigKey<Check.Type> TYPE =
      KEYS.withDefault(
          "type",
          Form.choice(
              Map.entry("none", Check.Type.NONE),
              Map.entry("connect", Check.Type.CONNECT),
              Map.entry("expect", Check.Type.EXPECT)),
          "none",
          "how members are asked whether they are up");

  private static final Form<Integer> ANSWERS = Form.from(1, 1000);

  private static final Form<String> BYTES = new Form<>("text", (text, where) -> bytes(text));

  private static final ConfigKey<Long> EVERY =
      KEYS.withDefault("every", Form.DURATION, "2s", "from one check to the next");

  private static final ConfigKey<Long> TIMEOUT =
      KEYS.withDefault("timeout", Form.DURATION, "1s", "for the whole of a check");

  private static final ConfigKey<Integer> RISE =
      KEYS.withDefault("rise", ANSWERS, "2", "successes in a row that bring a member up");

  private static final ConfigKey<Integer> FALL =
      KEYS.withDefault("fall", ANSWERS, "3", "failures in a row that take it down");

  private static final ConfigKey<String> SEND =
      KEYS.withDefault(
          "send", BYTES, "", "sent once connected; `\\r`, `\\n`, `\\t`, `\\xHH` are single bytes");

  private static final ConfigKey<String> EXPECT =
      KEYS.withDefault(
          "expect", BYTES, "", "what the first 4 KiB of the answer must hold, for `expect`");

  private static final ConfigKey<Integer> PORT =
      KEYS.withDefault(
          "port", Form.integer(0, 65_535), "0", "asked instead of the member's own; `0`: that");

  private static final List<ConfigKey<?>> OF_ALL =
      List.of(EVERY, TIMEOUT, RISE, FALL, SEND, EXPECT, PORT);

  private CheckReader() {}

  static Check read(Section section) {
    Check.Type type = section.read(TYPE);
    Check check =
        new Check(
            Objects.requireNonNullElse(type, Check.Type.NONE),
            Objects.requireNonNullElse(section.read(EVERY), 0L),
            Objects.requireNonNullElse(section.read(TIMEOUT), 0L),
            Objects.requireNonNullElse(section.read(RISE), 1),
            Objects.requireNonNullElse(section.read(FALL), 1),
            Objects.requireNonNullElse(section.read(SEND), ""),
            Objects.requireNonNullElse(section.read(EXPECT), ""),
            Objects.requireNonNullElse(section.read(PORT), 0));
    if (type == Check.Type.EXPECT && check.expect().isEmpty()) {
      section
          .problems()
          .error(section.where(), "a check of type expect needs 'expect': what the answer holds");
    }
    warnOfNothing(section, check);
    return check;
  }

  /** Who says how members are asked, and not that they are, thinks that they are. */
  private static void warnOfNothing(Section section, Check check) {
    if (section.isAbsent(TYPE.name())
        && OF_ALL.stream().anyMatch(key -> !section.isAbsent(key.name()))) {
      section
          .problems()
          .warn(
              section.where(),
              "nobody is asked: a check is of type none where 'type' does not say connect or"
                  + " expect");
    } else if (check.type() == Check.Type.CONNECT
        && !(check.send().isEmpty() && check.expect().isEmpty())) {
      section
          .problems()
          .warn(section.where(), "'send' and 'expect' have no effect in a check of type connect");
    }
  }

  private static String bytes(String text) {
    String bytes = Escapes.bytes(text);
    if (bytes.length() > MOST_BYTES) {
      throw new InvalidValueException(
          bytes.length() + " bytes are too many; " + MOST_BYTES + " are possible");
    }
    return bytes;
  }
}
