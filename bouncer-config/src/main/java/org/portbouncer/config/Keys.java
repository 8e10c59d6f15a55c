package org.portbouncer.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.portbouncer.core.config.Configuration;

/**
 * The keys of a block, each described once, where it is read: {@link Schema} has them all from
 * here, in the order in which they are made.
 */
final class Keys {

  private final String block;
  private final List<SchemaKey> all;
  private final Function<Configuration, Object> kept;

  /**
   * @param block its path; "" for `bouncer` itself
   */
  Keys(String block) {
    this(block, new ArrayList<>(), null);
  }

  private Keys(String block, List<SchemaKey> all, Function<Configuration, Object> kept) {
    this.block = block;
    this.all = all;
    this.kept = kept;
  }

  /** All that were made so far. */
  List<SchemaKey> all() {
    return Collections.unmodifiableList(all);
  }

  /** The path of the block. */
  String block() {
    return block;
  }

  /** Those of a block in this one, at this place of the order. */
  void add(Keys inner) {
    all.addAll(inner.all);
  }

  /**
   * For keys that a reload cannot change.
   *
   * @param inForce what stays: where the value is in a configuration
   */
  Keys restartOnly(Function<Configuration, Object> inForce) {
    return new Keys(block, all, inForce);
  }

  /** One that must be written. */
  <T> ConfigKey<T> required(String name, Form<T> form, String words) {
    return key(name, form, SchemaKey.REQUIRED, false, words, false);
  }

  /**
   * One that may be left out.
   *
   * @param absent what holds then, in words
   */
  <T> ConfigKey<T> optional(String name, Form<T> form, String absent, String words) {
    return key(name, form, absent, false, words, false);
  }

  /** One that is {@code value} where it is left out. */
  <T> ConfigKey<T> withDefault(String name, Form<T> form, String value, String words) {
    return key(name, form, value, true, words, false);
  }

  /** One whose value nobody is shown. */
  <T> ConfigKey<T> secret(String name, Form<T> form, String absent, String words) {
    return key(name, form, absent, false, words, true);
  }

  private <T> ConfigKey<T> key(
      String name, Form<T> form, String standard, boolean literal, String words, boolean secret) {
    String path = block.isEmpty() ? name : block + '.' + name;
    SchemaKey schema = new SchemaKey(path, form.text(), standard, literal, words, kept, secret);
    all.add(schema);
    return new ConfigKey<>(schema, form.reader());
  }
}
