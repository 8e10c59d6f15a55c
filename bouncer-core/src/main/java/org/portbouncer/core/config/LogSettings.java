package org.portbouncer.core.config;

import java.util.List;
import org.portbouncer.core.config.Configuration.AccessLog;

/**
 * What is logged, and where.
 *
 * @param level error, warn, info, debug or trace
 * @param levels of stages and packages that have one of their own
 * @param access where and how the access log is written
 */
public record LogSettings(String level, List<NamedLevel> levels, AccessLog access) {

  static final LogSettings NONE = new LogSettings("info", List.of(), AccessLog.NONE);

  static LogSettings pass(ConfigWire wire, LogSettings it) throws ConfigCodecException {
    return new LogSettings(
        wire.text(it.level),
        wire.list(it.levels, NamedLevel.BLANK, NamedLevel::pass),
        AccessLog.pass(wire, it.access));
  }

  /** The level of that stage's workers. */
  public String levelOf(String stage) {
    for (NamedLevel one : levels) {
      if (one.name().equals(stage)) {
        return one.level();
      }
    }
    return level;
  }

  /**
   * The level of one part of the program.
   *
   * @param name a stage, or a package or class of the mother's
   * @param level error, warn, info, debug or trace
   */
  public record NamedLevel(String name, String level) {

    static final NamedLevel BLANK = new NamedLevel("", "");

    static NamedLevel pass(ConfigWire wire, NamedLevel it) throws ConfigCodecException {
      return new NamedLevel(wire.text(it.name), wire.text(it.level));
    }
  }
}
