package org.portbouncer.config;

import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.Locale;

/** How values look in messages and in show-config. Runs in the mother and in commands. */
final class Rendering {

  private Rendering() {}

  /** Text of the schema without the marks of the documentation. */
  static String plain(String documentation) {
    return documentation.replace("`", "");
  }

  /** What a value is, for people. */
  static String shape(ConfigValueType type) {
    return switch (type) {
      case OBJECT -> "a block { … }";
      case LIST -> "a list [ … ]";
      case STRING -> "a text";
      case NUMBER -> "a number";
      case BOOLEAN, NULL -> type.name().toLowerCase(Locale.ROOT);
    };
  }

  /** A value as HOCON, on one line. */
  static String render(ConfigValue value) {
    return value.render(ConfigRenderOptions.concise());
  }

  /** A default as HOCON; "null" where there is none. */
  static String render(String text) {
    if (text == null) {
      return "null";
    }
    return text.matches("[1-9][0-9]*|0|true|false") ? text : ConfigUtil.quoteString(text);
  }
}
