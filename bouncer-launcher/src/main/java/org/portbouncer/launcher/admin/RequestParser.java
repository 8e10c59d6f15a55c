package org.portbouncer.launcher.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.shared.TargetBoard;

/**
 * Reads a line of the admin protocol, JSON or the plain words of the command. Runs in the mother.
 *
 * <table>
 * <caption>the requests</caption>
 * <tr><th>plain words</th><th>JSON</th></tr>
 * <tr><td>{@code status}</td><td>{@code {"command":"status"}}</td></tr>
 * <tr><td>{@code sessions [--listener NAME] [--from CIDR]}</td>
 *     <td>{@code {"command":"sessions","listener":NAME,"from":CIDR}}</td></tr>
 * <tr><td>{@code top [--most COUNT] [--by rate|bytes|age|idle] [--match TEXT]}</td>
 *     <td>{@code {"command":"top","most":COUNT,"by":ORDER,"match":TEXT}}</td></tr>
 * <tr><td>{@code kill ID…}</td><td>{@code {"command":"kill","ids":[ID,…]}}</td></tr>
 * <tr><td>{@code kill --from CIDR}</td><td>{@code {"command":"kill","from":CIDR}}</td></tr>
 * <tr><td>{@code limit CLASS [--up RATE] [--down RATE]}</td>
 *     <td>{@code {"command":"limit","class":CLASS,"up":RATE,"down":RATE}}</td></tr>
 * <tr><td>{@code targets}</td><td>{@code {"command":"targets"}}</td></tr>
 * <tr><td>{@code cluster}</td><td>{@code {"command":"cluster"}}</td></tr>
 * <tr><td>{@code target drain|off|ready GROUP[/MEMBER]}</td>
 *     <td>{@code {"command":"target","mode":MODE,"of":GROUP/MEMBER}}</td></tr>
 * <tr><td>{@code move WORKER}</td><td>{@code {"command":"move","of":WORKER}}</td></tr>
 * <tr><td>{@code reload [--recheck]}</td><td>{@code {"command":"reload","recheck":true}}</td></tr>
 * <tr><td>{@code upgrade DIR [--if-changed]}</td>
 *     <td>{@code {"command":"upgrade","to":DIR,"if_changed":true}}; other lines may come before the
 *     answer, {@code {"progress":TEXT}}</td></tr>
 * <tr><td>{@code stop [--now]}</td><td>{@code {"command":"stop","now":true}}</td></tr>
 * </table>
 */
final class RequestParser {

  /** Options of plain words that have a value. */
  private static final Set<String> VALUED =
      Set.of("--listener", "--from", "--up", "--down", "--most", "--by", "--match");

  /** Sessions in an answer to {@code top}, where nothing else is said. */
  private static final int TOP = 50;

  /** And the most of them. */
  private static final int TOP_MOST = 1000;

  private RequestParser() {}

  /**
   * A line that asks for nothing the server knows; the message is one line for the one who sent it.
   */
  static final class BadRequestException extends Exception {
    private static final long serialVersionUID = 1L;

    BadRequestException(String message) {
      super(message);
    }
  }

  /** The parts of a request, however it was written. */
  private static final class Parts {
    String command = "";
    final List<Long> ids = new ArrayList<>();
    String listener;
    String from;
    String name;
    String up;
    String down;
    String most;
    String by;
    String match;
    String mode;
    String of;
    boolean now;
    boolean recheck;
    String to;
    boolean ifChanged;
  }

  static Request parse(String line) throws BadRequestException {
    String text = line.strip();
    if (text.isEmpty()) {
      throw new BadRequestException("empty request");
    }
    return request(text.startsWith("{") ? fromJson(text) : fromWords(text));
  }

  private static Request request(Parts parts) throws BadRequestException {
    return switch (parts.command) {
      case "status" -> {
        refuse(parts, Set.of());
        yield new Request.Status();
      }
      case "sessions" -> {
        refuse(parts, Set.of("listener", "from"));
        yield new Request.Sessions(new SessionFilter(parts.listener, cidr(parts.from)));
      }
      case "top" -> {
        refuse(parts, Set.of("most", "by", "match"));
        yield new Request.Top(
            most(parts.most), order(parts.by), parts.match == null ? "" : parts.match);
      }
      case "kill" -> {
        refuse(parts, Set.of("ids", "from"));
        yield kill(parts);
      }
      case "limit" -> {
        refuse(parts, Set.of("class", "up", "down"));
        yield limit(parts);
      }
      case "targets" -> {
        refuse(parts, Set.of());
        yield new Request.Targets();
      }
      case "cluster" -> {
        refuse(parts, Set.of());
        yield new Request.Cluster();
      }
      case "target" -> {
        refuse(parts, Set.of("mode", "of"));
        yield target(parts);
      }
      case "move" -> {
        refuse(parts, Set.of("of"));
        yield move(parts);
      }
      case "reload" -> {
        refuse(parts, Set.of("recheck"));
        yield new Request.Reload(parts.recheck);
      }
      case "upgrade" -> {
        refuse(parts, Set.of("to", "if_changed"));
        yield upgrade(parts);
      }
      case "stop" -> {
        refuse(parts, Set.of("now"));
        yield new Request.Stop(parts.now);
      }
      default ->
          throw new BadRequestException(
              "unknown command \""
                  + printable(parts.command)
                  + "\"; there are status, sessions, top, kill, limit, targets, target, cluster,"
                  + " move, reload, upgrade and stop");
    };
  }

  private static int most(String text) throws BadRequestException {
    if (text == null) {
      return TOP;
    }
    int most = text.matches("[0-9]{1,4}") ? Integer.parseInt(text) : 0;
    if (most < 1 || most > TOP_MOST) {
      throw new BadRequestException("most must be a number from 1 to " + TOP_MOST);
    }
    return most;
  }

  private static SessionOrder order(String text) throws BadRequestException {
    if (text == null) {
      return SessionOrder.RATE;
    }
    for (SessionOrder order : SessionOrder.values()) {
      if (order.text().equals(text)) {
        return order;
      }
    }
    throw new BadRequestException("by must be rate, bytes, age or idle");
  }

  private static Request kill(Parts parts) throws BadRequestException {
    if (parts.ids.isEmpty() == (parts.from == null)) {
      throw new BadRequestException("kill takes session ids or --from CIDR, one of the two");
    }
    if (parts.from != null) {
      return new Request.KillFrom(cidr(parts.from));
    }
    return new Request.KillIds(parts.ids.stream().distinct().toList());
  }

  private static Request limit(Parts parts) throws BadRequestException {
    if (parts.name == null || (parts.up == null && parts.down == null)) {
      throw new BadRequestException("limit takes a class, and --up RATE, --down RATE or both");
    }
    return new Request.Limit(parts.name, rate(parts.up), rate(parts.down));
  }

  private static Request target(Parts parts) throws BadRequestException {
    for (TargetBoard.Mode mode : TargetBoard.Mode.values()) {
      if (mode.text().equals(parts.mode) && parts.of != null) {
        return new Request.Target(mode, parts.of);
      }
    }
    throw new BadRequestException("target takes drain, off or ready, and GROUP or GROUP/MEMBER");
  }

  private static Request move(Parts parts) throws BadRequestException {
    if (parts.of == null) {
      throw new BadRequestException("move takes an io worker: its name, such as io/0, or its pid");
    }
    return new Request.Move(parts.of);
  }

  private static Request upgrade(Parts parts) throws BadRequestException {
    if (parts.to == null || !parts.to.startsWith("/")) {
      throw new BadRequestException("upgrade takes the folder of an installation, from / on");
    }
    return new Request.Upgrade(parts.to, parts.ifChanged);
  }

  private static Long rate(String text) throws BadRequestException {
    try {
      return text == null ? null : RateText.bytesPerSecond(text);
    } catch (InvalidValueException e) {
      throw new BadRequestException(printable(e.getMessage()));
    }
  }

  /**
   * An option that the command does not have would be ignored, and kill or stop more than was
   * meant.
   */
  private static void refuse(Parts parts, Set<String> allowed) throws BadRequestException {
    requireAllowed(parts, allowed, "ids", !parts.ids.isEmpty());
    requireAllowed(parts, allowed, "listener", parts.listener != null);
    requireAllowed(parts, allowed, "from", parts.from != null);
    requireAllowed(parts, allowed, "class", parts.name != null);
    requireAllowed(parts, allowed, "up", parts.up != null);
    requireAllowed(parts, allowed, "down", parts.down != null);
    requireAllowed(parts, allowed, "most", parts.most != null);
    requireAllowed(parts, allowed, "by", parts.by != null);
    requireAllowed(parts, allowed, "match", parts.match != null);
    requireAllowed(parts, allowed, "mode", parts.mode != null);
    requireAllowed(parts, allowed, "of", parts.of != null);
    requireAllowed(parts, allowed, "now", parts.now);
    requireAllowed(parts, allowed, "recheck", parts.recheck);
    requireAllowed(parts, allowed, "to", parts.to != null);
    requireAllowed(parts, allowed, "if_changed", parts.ifChanged);
  }

  private static void requireAllowed(Parts parts, Set<String> allowed, String what, boolean given)
      throws BadRequestException {
    if (given && !allowed.contains(what)) {
      throw new BadRequestException(parts.command + " does not take " + what);
    }
  }

  private static Parts fromWords(String text) throws BadRequestException {
    String[] words = text.split("\\s+", -1);
    Parts parts = new Parts();
    parts.command = words[0];
    int next = 1;
    while (next < words.length) {
      String word = words[next++];
      int equals = word.startsWith("--") ? word.indexOf('=') : -1;
      String name = equals < 0 ? word : word.substring(0, equals);
      if (VALUED.contains(name)) {
        String value;
        if (equals >= 0) {
          value = word.substring(equals + 1);
        } else if (next < words.length) {
          value = words[next++];
        } else {
          throw new BadRequestException(name + " needs a value");
        }
        boolean rate = name.equals("--up") || name.equals("--down");
        if (rate && next < words.length && value.matches("[0-9.]+")) {
          value += " " + words[next++]; // "1 MiB/s", as people write it
        }
        put(parts, name, value);
      } else if (word.equals("--now")) {
        parts.now = true;
      } else if (word.equals("--recheck")) {
        parts.recheck = true;
      } else if (parts.command.equals("limit") && parts.name == null && !word.startsWith("-")) {
        parts.name = word;
      } else if (parts.command.equals("target") && parts.mode == null && !word.startsWith("-")) {
        parts.mode = word;
      } else if (parts.command.equals("target") && parts.of == null && !word.startsWith("-")) {
        parts.of = word;
      } else if (word.equals("--if-changed")) {
        parts.ifChanged = true;
      } else if (parts.command.equals("upgrade") && parts.to == null && !word.startsWith("-")) {
        parts.to = word;
      } else if (parts.command.equals("move") && parts.of == null && !word.startsWith("-")) {
        parts.of = word;
      } else if (word.matches("[0-9]{1,19}")) {
        parts.ids.add(id(word));
      } else if (!word.equals("--json")) { // every answer is JSON: as typed on the command line
        throw new BadRequestException(
            "\"" + printable(word) + "\" is not understood after " + printable(parts.command));
      }
    }
    return parts;
  }

  private static void put(Parts parts, String option, String value) {
    switch (option) {
      case "--listener" -> parts.listener = value;
      case "--from" -> parts.from = value;
      case "--up" -> parts.up = value;
      case "--down" -> parts.down = value;
      case "--most" -> parts.most = value;
      case "--by" -> parts.by = value;
      case "--match" -> parts.match = value;
      default -> throw new IllegalStateException(option);
    }
  }

  private static Parts fromJson(String text) throws BadRequestException {
    Map<?, ?> map;
    try {
      map = Json.parseObject(text);
    } catch (Json.MalformedException e) {
      throw new BadRequestException("not JSON: " + printable(e.getMessage()));
    }
    Parts parts = new Parts();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      Object value = entry.getValue();
      switch ((String) entry.getKey()) {
        case "command" -> parts.command = string("command", value);
        case "listener" -> parts.listener = value == null ? null : string("listener", value);
        case "from" -> parts.from = value == null ? null : string("from", value);
        case "class" -> parts.name = string("class", value);
        case "up" -> parts.up = value == null ? null : string("up", value);
        case "down" -> parts.down = value == null ? null : string("down", value);
        case "most" -> parts.most = String.valueOf(value);
        case "by" -> parts.by = string("by", value);
        case "match" -> parts.match = string("match", value);
        case "mode" -> parts.mode = string("mode", value);
        case "of" -> parts.of = string("of", value);
        case "now" -> parts.now = bool("now", value);
        case "to" -> parts.to = string("to", value);
        case "if_changed" -> parts.ifChanged = bool("if_changed", value);
        case "recheck" -> parts.recheck = bool("recheck", value);
        case "ids" -> parts.ids.addAll(ids(value));
        default ->
            throw new BadRequestException("unknown key \"" + printable("" + entry.getKey()) + "\"");
      }
    }
    return parts;
  }

  private static String string(String key, Object value) throws BadRequestException {
    if (value instanceof String text) {
      return text;
    }
    throw new BadRequestException("\"" + key + "\" must be a string");
  }

  private static boolean bool(String key, Object value) throws BadRequestException {
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw new BadRequestException("\"" + key + "\" must be true or false");
  }

  private static List<Long> ids(Object value) throws BadRequestException {
    if (!(value instanceof List<?> list)) {
      throw new BadRequestException("\"ids\" must be an array of numbers");
    }
    List<Long> ids = new ArrayList<>();
    for (Object item : list) {
      if (!(item instanceof Long id) || id < 0) {
        throw new BadRequestException("\"ids\" must be an array of numbers");
      }
      ids.add(id);
    }
    return ids;
  }

  private static long id(String word) throws BadRequestException {
    try {
      return Long.parseLong(word);
    } catch (NumberFormatException e) {
      throw new BadRequestException(word + " is not a session id");
    }
  }

  private static Cidr cidr(String text) throws BadRequestException {
    try {
      return text == null ? null : Cidr.parse(text);
    } catch (IllegalArgumentException e) {
      throw new BadRequestException(printable(e.getMessage()));
    }
  }

  /** What a stranger sent goes back to terminals: short and without control characters. */
  private static String printable(String text) {
    String clean = text.replaceAll("\\p{Cntrl}", "?");
    return clean.length() <= 200 ? clean : clean.substring(0, 200) + "…";
  }
}
