package org.portbouncer.launcher.importer;

import java.util.List;

/** How HAProxy asks whether a server is up, as far as it can be asked the same here. */
final class HaproxyCheck {

  private static final List<String> PROTOCOLS =
      List.of(
          "httpchk",
          "ssl-hello-chk",
          "smtpchk",
          "mysql-check",
          "pgsql-check",
          "ldap-check",
          "external-check",
          "spop-check");

  private final Draft draft;
  private final HaproxySection section;
  private final GroupPart group;

  HaproxyCheck(Draft draft, HaproxySection section, GroupPart group) {
    this.draft = draft;
    this.section = section;
    this.group = group;
  }

  /** A connect, or one text sent and one looked for. */
  void type(Origin origin) {
    for (String name : PROTOCOLS) {
      if (section.option(name)) {
        Origin where = section.last("option", name).origin();
        group.entry(where, "check.type", "connect");
        draft.left(where, "only whether the server can be connected to is checked");
        return;
      }
    }
    if (section.option("redis-check")) {
      expect(section.last("option", "redis-check").origin(), "PING\r\n", "+PONG");
    } else if (!section.option("tcp-check") || section.all("tcp-check").isEmpty()) {
      group.entry(origin, "check.type", "connect");
    } else {
      dialogue(origin);
    }
  }

  private void dialogue(Origin origin) {
    String send = "";
    String expect = null;
    for (HaproxySection.Line line : section.all("tcp-check")) {
      boolean first = expect == null;
      switch (line.word(1)) {
        case "connect", "comment" -> {
          // what every check begins with
        }
        case "send" -> {
          if (first && send.isEmpty()) {
            send = line.word(2);
          } else {
            draft.left(line.origin(), "is not sent: a check here sends one text and expects one");
          }
        }
        case "expect" -> {
          if (first && line.word(2).equals("string")) {
            expect = line.word(3);
          } else {
            draft.left(line.origin(), "is not waited for");
          }
        }
        default -> draft.left(line.origin(), "is not done by checks here");
      }
    }
    if (expect == null) {
      group.entry(origin, "check.type", "connect");
    } else {
      expect(origin, send, expect);
    }
  }

  private void expect(Origin origin, String send, String expect) {
    group.entry(origin, "check.type", "expect");
    group.entry(origin, "check.send", Hocon.text(escaped(send)));
    group.entry(origin, "check.expect", Hocon.text(escaped(expect)));
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\x5C")
        .replace("\r", "\\r")
        .replace("\n", "\\n")
        .replace("\t", "\\t");
  }
}
