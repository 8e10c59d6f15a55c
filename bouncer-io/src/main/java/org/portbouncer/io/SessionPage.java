package org.portbouncer.io;

import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.SessionTable;

/**
 * The page of `internal:http`: what the bouncer knows of one session. Readable as it is with curl.
 */
final class SessionPage {

  private SessionPage() {}

  static String html(SessionTable table, int record, Configuration configuration) {
    Listener listener = configuration.listeners().get(table.listener(record));
    StringBuilder page = new StringBuilder(2048);
    page.append(
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>bouncer: this session</title>
        <style>
        :root { color-scheme: light dark; }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
        table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
        th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #8884; }
        td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
        </style>
        </head>
        <body>
        <h1>You came through five hops</h1>
        <table>
        """);
    row(page, "session", Long.toString(table.id(record)));
    row(page, "listener", listener.name());
    row(page, "client", table.client(record));
    row(page, "local", AccessLog.localText(table.local(record), listener, table.endpoint(record)));
    row(page, "target", listener.target().text());
    row(page, "rule", rule(table, record, configuration, listener));
    row(page, "set up in", table.setupMicros(record) + " µs");
    page.append(
        """
        </table>
        <table>
        <tr><th>stage</th><th class="n">pid</th><th class="n">received, µs after accept</th></tr>
        """);
    for (StageId stage : StageId.values()) {
      page.append("<tr><td>")
          .append(stage.text())
          .append("</td><td class=\"n\">")
          .append(table.hopPid(record, stage))
          .append("</td><td class=\"n\">")
          .append(table.hopMicros(record, stage))
          .append("</td></tr>\n");
    }
    return page.append("</table>\n</body>\n</html>\n").toString();
  }

  private static String rule(
      SessionTable table, int record, Configuration configuration, Listener listener) {
    if (listener.acl() < 0) {
      return "none: everyone may connect";
    }
    var acl = configuration.acls().get(listener.acl());
    int rule = table.rule(record);
    return acl.name() + (rule < 0 ? "" : " / " + acl.rules().get(rule).name());
  }

  private static void row(StringBuilder page, String name, String value) {
    page.append("<tr><th>")
        .append(name)
        .append("</th><td>")
        .append(value.replace("&", "&amp;").replace("<", "&lt;"))
        .append("</td></tr>\n");
  }
}
