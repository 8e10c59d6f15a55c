package org.portbouncer.config;

import java.util.Map;
import org.portbouncer.core.config.Configuration.StateTransfer;
import org.portbouncer.core.config.InvalidValueException;

/** Reads how session state travels. Runs in the mother and in commands. */
final class StateTransferReader {

  static final Keys KEYS = new Keys("state-transfer");

  private static final ConfigKey<StateTransfer.Mode> MODE =
      KEYS.restartOnly(c -> c.stateTransfer().mode())
          .withDefault(
              "mode",
              Form.choice(
                  Map.entry("inline", StateTransfer.Mode.INLINE),
                  Map.entry("file-fd", StateTransfer.Mode.FILE_FD),
                  Map.entry("shm", StateTransfer.Mode.SHM)),
              "inline",
              "how session state travels between stages");

  private static final ConfigKey<String> BACKING =
      KEYS.restartOnly(c -> c.stateTransfer().directory())
          .withDefault(
              "file-fd.backing",
              new Form<>("`memfd` or `directory:PATH`", StateTransferReader::backing),
              "memfd",
              "what holds the state in mode `file-fd`");

  private static final ConfigKey<Integer> SLOTS =
      KEYS.restartOnly(c -> c.stateTransfer().slots())
          .withDefault(
              "shm.slots",
              Form.integer(1, StateTransfer.MOST_SLOTS),
              "4096",
              "sessions in set-up at once in mode `shm`; more go as `file-fd`");

  private static final ConfigKey<Integer> PADDING =
      KEYS.restartOnly(c -> c.stateTransfer().padding())
          .withDefault(
              "padding",
              new Form<>("size, 0 to 16 MiB", StateTransferReader::padding),
              "0",
              "extra state per session, for measuring");

  private static final String DIRECTORY = "directory:";

  private StateTransferReader() {}

  static StateTransfer read(Section transfer) {
    return new StateTransfer(
        transfer.read(MODE),
        transfer.section("file-fd").read(BACKING),
        transfer.read(PADDING),
        transfer.section("shm").read(SLOTS));
  }

  private static String backing(String text, Where where) {
    if (text.equals("memfd")) {
      return "";
    }
    if (text.startsWith(DIRECTORY)) {
      return EndpointParser.path(text.substring(DIRECTORY.length()), where.directory());
    }
    throw new InvalidValueException("'" + text + "' is neither memfd nor directory:/path");
  }

  private static Integer padding(String text, Where where) {
    long size = Quantities.sizeBytes(text);
    if (size > StateTransfer.MOST_PADDING) {
      throw new InvalidValueException("'" + text + "' is too much; at most 16 MiB");
    }
    return (int) size;
  }
}
