package org.portbouncer.config;

/**
 * One key of the configuration with how its values are read: the one place that says so. {@link
 * Keys} makes them.
 *
 * @param schema all of it that people are told
 * @param reader what its values mean; null where whoever reads says it
 */
record ConfigKey<T>(SchemaKey schema, ValueReader<T> reader) {

  /** Its own name, in its block. */
  String name() {
    return schema.path().substring(schema.path().lastIndexOf('.') + 1);
  }
}
