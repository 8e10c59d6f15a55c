package org.portbouncer.config;

import com.typesafe.config.ConfigUtil;
import java.util.List;
import java.util.stream.Collectors;
import org.portbouncer.core.config.InvalidValueException;

/**
 * One value as it took effect.
 *
 * @param key its key
 * @param path the key's path with names filled in
 * @param rendered the value as HOCON
 * @param texts the value, or the values of a list, as written
 * @param where where it was written; null for a default
 * @param note what else there is to say about it; "" for nothing
 */
record Setting(
    SchemaKey key, String path, String rendered, List<String> texts, Where where, String note) {

  private static final String NAME = "NAME";
  private static final String ELEMENT = "NAME[]";

  /** Texts that begin so name a file, relative to the one they stand in. */
  private static final List<String> FILES = List.of("unix:", "file:", "directory:");

  Setting with(String otherNote) {
    return new Setting(key, path, rendered, texts, where, otherNote);
  }

  /** The first name that the operator chose in the path; "" where there is none. */
  String name() {
    int at = key.path().indexOf(NAME);
    if (at < 0) {
      return "";
    }
    String rest = path.substring(at, path.length() - afterName().length());
    return isElement() ? rest.substring(0, rest.lastIndexOf('.')) : rest;
  }

  /** Which element of a list it belongs to, from 1. */
  int element() {
    String rest = path.substring(0, path.length() - afterName().length());
    return Integer.parseInt(rest.substring(rest.lastIndexOf('#') + 1));
  }

  boolean isElement() {
    return key.path().contains(ELEMENT);
  }

  /** Whether it belongs to a block of a list under a fixed key, such as a group's member. */
  boolean isListed() {
    return key.path().contains("[].") && !isElement();
  }

  /** The path of the list that it is listed in, as HOCON reads it. */
  String quotedList() {
    String before = path.substring(0, path.lastIndexOf(".#"));
    int name = key.path().indexOf(NAME);
    int dot = before.lastIndexOf('.');
    return before.substring(0, name) + quoted(before.substring(name, dot)) + before.substring(dot);
  }

  /** The path of its block. */
  String block() {
    return path.substring(0, path.lastIndexOf('.'));
  }

  /** The last word of its path. */
  String word() {
    return path.substring(path.lastIndexOf('.') + 1);
  }

  /** The key behind the name, and the dot before it. */
  String afterName() {
    String mark = isElement() ? ELEMENT : NAME;
    int at = key.path().indexOf(mark);
    if (at < 0) {
      return "";
    }
    String rest = key.path().substring(at + mark.length());
    if (!rest.endsWith("." + NAME)) {
      return rest;
    }
    // A second name ends it: only the path has that.
    String known = rest.substring(0, rest.length() - NAME.length());
    return path.substring(path.lastIndexOf(known));
  }

  /** The path as HOCON reads it. */
  String quotedPath() {
    int at = key.path().indexOf(NAME);
    if (at < 0) {
      return path;
    }
    String name = name();
    return path.substring(0, at) + quoted(name) + path.substring(at + name.length());
  }

  /** A name as HOCON reads it in a path. */
  static String quoted(String name) {
    return name.matches("[A-Za-z0-9_-]+") ? name : ConfigUtil.quoteString(name);
  }

  /** The value as it can be read anywhere else: with whole paths. */
  String portable() {
    if (where == null || texts.stream().allMatch(text -> text.equals(whole(text)))) {
      return rendered;
    }
    List<String> whole = texts.stream().map(this::whole).map(ConfigUtil::quoteString).toList();
    return rendered.startsWith("[")
        ? whole.stream().collect(Collectors.joining(",", "[", "]"))
        : whole.getFirst();
  }

  private String whole(String text) {
    if (key.type().equals("path")) {
      return absolute(text);
    }
    for (String start : FILES) {
      if (text.startsWith(start) && !text.startsWith("unix:@")) {
        return start + absolute(text.substring(start.length()));
      }
    }
    return text;
  }

  private String absolute(String path) {
    try {
      return EndpointParser.path(path, where.directory());
    } catch (InvalidValueException e) {
      return path;
    }
  }
}
