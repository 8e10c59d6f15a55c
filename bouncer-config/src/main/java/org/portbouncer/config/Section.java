package org.portbouncer.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.portbouncer.core.config.HopSecrets;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.Nearest;

/**
 * One block of the configuration: reads its values by their {@link ConfigKey}, reports what is
 * wrong with each, and goes on. Runs in the mother and in commands.
 */
final class Section {

  private final Reading reading;
  private final ConfigObject values;
  private final ValuePlaces places;
  private final String path;
  private final String schemaPath;

  Section(
      Reading reading,
      ConfigObject values,
      ConfigValue unresolved,
      String path,
      String schemaPath,
      Where where) {
    this.reading = reading;
    this.values = values;
    this.places = new ValuePlaces(reading.source(), values, unresolved, where);
    this.path = path;
    this.schemaPath = schemaPath;
  }

  Where where() {
    return places.section();
  }

  Problems problems() {
    return reading.problems();
  }

  /** Reports every key that is not in {@code known}. */
  void requireKnown(Set<String> known) {
    for (String key : keysInOrder()) {
      if (!known.contains(key)) {
        String hint = Nearest.hint(key, known);
        problems().error(whereOf(key), "unknown key '" + key + "'" + in() + hint);
      }
    }
  }

  private String in() {
    return path.isEmpty() ? "" : " in " + path;
  }

  /** The keys written, in the order of the file. */
  List<String> keysInOrder() {
    return places.keysInOrder();
  }

  /** Where the value of that key stands; the section's place when nothing tells. */
  Where whereOf(String key) {
    return places.of(key);
  }

  /** The block of that key; empty where there is none. Its keys are checked unless it has names. */
  Section section(String key) {
    return block(key, join(schemaPath, key));
  }

  /** The block of a name the operator chose. */
  Section named(String name) {
    return block(name, join(schemaPath, "NAME"));
  }

  private Section block(String key, String childSchema) {
    String childPath = join(path, key);
    ConfigValue value = present(key);
    ConfigObject object = ConfigValueFactory.fromMap(Map.of()).toConfig().root();
    if (value instanceof ConfigObject written) {
      object = written;
    } else if (value != null) {
      String shape = Rendering.shape(value.valueType());
      problems().error(whereOf(key), childPath + " must be a block { … }, not " + shape);
    }
    Section child =
        new Section(reading, object, places.before(key), childPath, childSchema, whereOf(key));
    Set<String> known = Schema.childrenOf(childSchema);
    if (!known.contains("NAME") && !known.contains("NAME[]")) {
      child.requireKnown(known);
    }
    return child;
  }

  /** The block of that key as the root of the schema. */
  Section root(String key) {
    ConfigObject object = (ConfigObject) values.get(key);
    return new Section(reading, object, places.before(key), "", "", whereOf(key));
  }

  /** Whether an empty list is written for that key. */
  boolean isEmptyList(String key) {
    return values.get(key) instanceof ConfigList list && list.isEmpty();
  }

  /** Whether a block is written for that key. */
  boolean isBlock(String key) {
    return values.get(key) instanceof ConfigObject;
  }

  /** Whether nothing is written for that key. */
  boolean isAbsent(String key) {
    ConfigValue value = values.get(key);
    return value == null || value.valueType() == ConfigValueType.NULL;
  }

  /** The blocks of a list under a name the operator chose. */
  List<Section> elements(String name) {
    return elements(name, schemaPath + ".NAME[]", "rule");
  }

  /**
   * The same.
   *
   * @param what one of them is called
   */
  List<Section> elements(String name, String what) {
    return elements(name, schemaPath + ".NAME[]", what);
  }

  /**
   * The blocks of a list under a key.
   *
   * @param what one of them is called
   */
  List<Section> blocks(String key, String what) {
    return elements(key, join(schemaPath, key) + "[]", what);
  }

  private List<Section> elements(String name, String elementSchema, String what) {
    List<Section> elements = new ArrayList<>();
    String listPath = join(path, name);
    if (!(present(name) instanceof ConfigList list)) {
      ConfigValue other = present(name);
      if (other != null) {
        problems()
            .error(
                whereOf(name),
                listPath
                    + " must be a list of "
                    + what
                    + "s [ { … } ], not "
                    + Rendering.shape(other.valueType()));
      }
      return elements;
    }
    for (int i = 0; i < list.size(); i++) {
      String elementPath = join(listPath, "#" + (i + 1));
      Where place = places.of(list.get(i), name);
      if (list.get(i) instanceof ConfigObject object) {
        Section element =
            new Section(
                reading,
                object,
                ValuePlaces.element(places.before(name), i),
                elementPath,
                elementSchema,
                place);
        element.requireKnown(Schema.childrenOf(element.schemaPath));
        elements.add(element);
      } else {
        String shape = Rendering.shape(list.get(i).valueType());
        problems().error(place, elementPath + " must be a " + what + " { … }, not " + shape);
      }
    }
    return elements;
  }

  /** The value of that key, or its default, or null without either. */
  <T> T read(ConfigKey<T> key) {
    return read(key, key.reader(), null);
  }

  /** As {@link #read(ConfigKey)}, where what a text means takes more than the text. */
  <T> T read(ConfigKey<T> key, ValueReader<T> reader) {
    return read(key, reader, null);
  }

  /** As {@link #read(ConfigKey)}, with a default that is worked out. */
  <T> T read(ConfigKey<T> key, String computedDefault) {
    return read(key, key.reader(), computedDefault);
  }

  /** Both. */
  <T> T read(ConfigKey<T> key, ValueReader<T> reader, String computedDefault) {
    return read(schema(key), key.name(), reader, computedDefault);
  }

  /** What is said of a key of this block. */
  private SchemaKey schema(ConfigKey<?> key) {
    if (!key.schema().path().equals(join(schemaPath, key.name()))) {
      throw new IllegalStateException(key.schema().path() + " is not read in " + schemaPath);
    }
    return key.schema();
  }

  /**
   * As {@link #read(ConfigKey, String)}, where the default is the value of another key, read
   * before.
   */
  <T> T readInherited(ConfigKey<T> key, String standard, ConfigKey<T> inherited) {
    T meaning = read(key, standard);
    if (present(key.name()) == null) {
      String from = inherited.schema().path();
      Where where = reading.whereOf(from);
      Setting own = reading.settings().removeLast();
      reading
          .settings()
          .add(
              new Setting(
                  own.key(),
                  own.path(),
                  own.rendered(),
                  own.texts(),
                  where,
                  where == null ? "" : from));
    }
    return meaning;
  }

  /** Whether the value of that key comes from elsewhere, such as the environment. */
  boolean isSubstituted(String key) {
    ConfigValue written = places.before(key);
    try {
      return written != null && written.unwrapped() == null;
    } catch (ConfigException.NotResolved e) {
      return true;
    }
  }

  /** Adds what else there is to say about the value of that key, which has been read. */
  void note(String key, String text) {
    reading.note(join(path, key), text);
  }

  /**
   * The value of a name that the operator chose; null, and reported, where it means nothing.
   *
   * @param key whose name is NAME
   */
  <T> T readNamed(ConfigKey<T> key, String name, ValueReader<T> reader) {
    return read(schema(key), name, reader, null);
  }

  private <T> T read(
      SchemaKey schemaKey, String key, ValueReader<T> reader, String computedDefault) {
    ConfigValue value = present(key);
    String standard = schemaKey.literal() ? schemaKey.defaultText() : null;
    standard = computedDefault == null ? standard : computedDefault;
    Where place = whereOf(key);
    if (value == null && schemaKey.isRequired()) {
      reportMissing(schemaKey, key);
      return null;
    }
    if (value == null) {
      record(schemaKey, key, Rendering.render(standard), List.of(), null);
    } else {
      String text = scalar(value, schemaKey, key);
      if (text != null) {
        record(schemaKey, key, Rendering.render(value), List.of(text), place);
        T meaning = meaning(key, reader, text, place);
        if (meaning != null) {
          return meaning;
        }
      }
    }
    return standard == null ? null : meaning(key, reader, standard, place);
  }

  /** What the text means; null, and reported, when it means nothing. */
  private <T> T meaning(String key, ValueReader<T> reader, String text, Where place) {
    try {
      return reader.read(text, place);
    } catch (InvalidValueException e) {
      problems().error(place, join(path, key) + ": " + e.getMessage());
      return null;
    }
  }

  private void reportMissing(SchemaKey schemaKey, String key) {
    if (isAbsent(key)) {
      problems()
          .error(
              where(), path + " needs '" + key + "': " + Rendering.plain(schemaKey.description()));
    }
  }

  /** The values of that key, one or a list of them; null when there is none. */
  <T> List<T> readList(ConfigKey<T> key) {
    return readList(key, key.reader());
  }

  /** The same, where what a text means takes more than the text. */
  <T> List<T> readList(ConfigKey<T> described, ValueReader<T> reader) {
    SchemaKey schemaKey = schema(described);
    String key = described.name();
    ConfigValue value = present(key);
    if (value == null) {
      if (schemaKey.isRequired()) {
        reportMissing(schemaKey, key);
      } else {
        record(schemaKey, key, Rendering.render((String) null), List.of(), null);
      }
      return null;
    }
    List<String> texts = new ArrayList<>();
    List<T> meanings = new ArrayList<>();
    List<? extends ConfigValue> items = value instanceof ConfigList list ? list : List.of(value);
    for (ConfigValue item : items) {
      Where place = places.of(item, key);
      String text = scalar(item, schemaKey, key);
      if (text != null) {
        texts.add(text);
        T meaning = meaning(key, reader, text, place);
        if (meaning != null) {
          meanings.add(meaning);
        }
      }
    }
    record(schemaKey, key, Rendering.render(value), texts, whereOf(key));
    return meanings;
  }

  /** The text of a string or a number; null, and reported, for anything else. */
  private String scalar(ConfigValue value, SchemaKey schemaKey, String key) {
    if (value.origin().description().contains(ConfigSource.UNRESOLVED)) {
      return null;
    }
    return switch (value.valueType()) {
      case STRING -> (String) value.unwrapped();
      // As written: 0600 must stay 0600.
      case NUMBER, BOOLEAN -> value.atKey("value").getString("value");
      default -> {
        Where place = places.of(value, key);
        problems()
            .error(
                place,
                join(path, key)
                    + ": expected "
                    + Rendering.plain(schemaKey.type())
                    + ", found "
                    + Rendering.shape(value.valueType()));
        yield null;
      }
    };
  }

  /** The value of the key, unless it is null or stands for a substitution that failed. */
  private ConfigValue present(String key) {
    ConfigValue value = values.get(key);
    boolean absent = value == null || value.valueType() == ConfigValueType.NULL;
    boolean failed = !absent && value.origin().description().contains(ConfigSource.UNRESOLVED);
    return absent || failed ? null : value;
  }

  private void record(
      SchemaKey schemaKey, String key, String rendered, List<String> texts, Where place) {
    boolean hidden = schemaKey.secret() && texts.stream().anyMatch(text -> !Secrets.isInFile(text));
    reading
        .settings()
        .add(
            new Setting(
                schemaKey,
                join(path, key),
                hidden ? Rendering.render(HopSecrets.SHOWN) : rendered,
                hidden ? List.of() : texts,
                place,
                ""));
  }

  private static String join(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }
}
