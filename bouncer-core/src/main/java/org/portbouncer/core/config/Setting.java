package org.portbouncer.core.config;

import java.util.List;

/**
 * One value as it took effect.
 *
 * @param key its key
 * @param path the key's path with names filled in
 * @param rendered the value as HOCON
 * @param texts the value, or the values of a list, as written
 * @param where where it was written; null for a default
 */
record Setting(SchemaKey key, String path, String rendered, List<String> texts, Where where) {}
