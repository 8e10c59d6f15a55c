package org.portbouncer.launcher.admin;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON into plain maps, lists, strings, longs, doubles and booleans. The mother reads
 * requests with it, commands read answers; both need a small tree only and can do without the
 * start-up of a data binder.
 */
public final class Json {

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(32).build())
          .build();

  private static final JsonFactory WRITING =
      new JsonFactoryBuilder().characterEscapes(new Escapes()).highestNonEscapedChar(0x7f).build();

  private Json() {}

  /**
   * Makes JSON of the visible characters of ASCII alone: commands print it as it is, and a path or
   * what a worker has said last must not tell a terminal what to do.
   */
  public static JsonFactory writing() {
    return WRITING;
  }

  /** JSON's own, and DEL. */
  private static final class Escapes extends CharacterEscapes {
    private static final long serialVersionUID = 1L;

    private final int[] ascii = standardAsciiEscapesForJSON();

    Escapes() {
      ascii[0x7f] = ESCAPE_STANDARD;
    }

    @Override
    public int[] getEscapeCodesForAscii() {
      return ascii.clone();
    }

    @Override
    public SerializableString getEscapeSequence(int c) {
      return null;
    }
  }

  /** A text that is not the JSON it should be; the message is one line. */
  public static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedException(String message) {
      super(message);
    }
  }

  /**
   * Reads one JSON value.
   *
   * @throws MalformedException where {@code text} is not exactly one value
   */
  public static Object parse(String text) throws MalformedException {
    try (JsonParser parser = FACTORY.createParser(text)) {
      if (parser.nextToken() == null) {
        throw new MalformedException("nothing to read");
      }
      Object value = value(parser);
      if (parser.nextToken() != null) {
        throw new MalformedException("more than one value");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new MalformedException(
          e.getOriginalMessage().lines().findFirst().orElse("not readable"));
    } catch (IOException e) {
      throw new MalformedException("not readable");
    }
  }

  /** Reads one JSON object. */
  public static Map<?, ?> parseObject(String text) throws MalformedException {
    if (parse(text) instanceof Map<?, ?> map) {
      return map;
    }
    throw new MalformedException("not an object");
  }

  /** Reads one JSON array. */
  public static List<?> parseArray(String text) throws MalformedException {
    if (parse(text) instanceof List<?> list) {
      return list;
    }
    throw new MalformedException("not an array");
  }

  private static Object value(JsonParser parser) throws IOException, MalformedException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> array(parser);
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      case END_OBJECT, END_ARRAY, FIELD_NAME, NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT ->
          throw new MalformedException("a value is missing");
    };
  }

  private static Map<String, Object> object(JsonParser parser)
      throws IOException, MalformedException {
    Map<String, Object> map = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      map.put(name, value(parser));
    }
    return map;
  }

  private static List<Object> array(JsonParser parser) throws IOException, MalformedException {
    List<Object> list = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      list.add(value(parser));
    }
    return list;
  }
}
