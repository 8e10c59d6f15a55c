package org.portbouncer.launcher.top;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.portbouncer.launcher.admin.Json;
import org.portbouncer.launcher.admin.SessionOrder;
import org.portbouncer.launcher.view.Answer;
import org.portbouncer.launcher.view.MemberText;

/** What a server might have said. */
final class Samples {

  private static final long SECOND = 1_000_000_000;

  /** 2026-11-27T10:00:00Z. */
  private static final long FIRST_MS = 1_795_773_600_000L;

  private Samples() {}

  /**
   * A server's answers in its so-manieth second: listener web got 2 clients, 1024 bytes up and 2048
   * down in each, worker io/0 took half a core, three sessions waited for the class slow.
   *
   * @param sessions how many there are, each with its number for an id
   */
  static Snapshot at(long pid, long second, int sessions) throws Json.MalformedException {
    String status =
        """
        {"version":"1.2.3","pid":%d,"uptime_s":%d,"epoch":2,"ready":false,"state":"degraded",
         "reasons":[{"what":"stage acl","since":"2026-11-27T10:23:20.123Z",
          "detail":"no worker serves"}],
         "listeners":{
          "mail":{"active":1,"accepted":1,"bytes_up":0,"bytes_down":0},
          "web":{"active":2,"accepted":%d,"bytes_up":%d,"bytes_down":%d}},
         "workers":[
          {"stage":"acl","index":0,"state":"throttled","sessions":0,"cpu_ms":0,"rss_bytes":0},
          {"stage":"io","index":0,"state":"ready","sessions":3,"cpu_ms":%d,"rss_bytes":67108864}],
         "limits":{"max_sessions":10000,"active":3},
         "bandwidth":{
          "idle":{"up":null,"down":1000,"shared_by":"all","sessions":0,"bytes_up":0,"bytes_down":0,
                  "throttled_s":0},
          "slow":{"up":1048576,"down":null,"shared_by":"rule","sessions":3,"bytes_up":0,"bytes_down":%d,
                  "throttled_s":%s}}}
        """
            .formatted(
                pid,
                second,
                2 * second,
                1024 * second,
                2048 * second,
                500 * second,
                2048 * second,
                String.format(Locale.ROOT, "%.1f", 3.0 * second));
    StringBuilder list = new StringBuilder();
    for (int id = 1; id <= sessions; id++) {
      list.append(list.isEmpty() ? "" : ",")
          .append(
              """
              {"id":%d,"listener":"web","client":"10.0.0.%d:4000","target":"192.0.2.1:80",
               "acl":"office","rule":"staff","state":"forwarding","age_ms":61500,"idle_ms":250,
               "up_rate":%d,"down_rate":1536,"bytes_up":5,"bytes_down":1019}
              """
                  .formatted(id, id, 1000 * id));
    }
    String heaviest = "{\"total\":812,\"matching\":" + sessions + ",\"sessions\":[" + list + "]}";
    return new Snapshot(
        second * SECOND,
        FIRST_MS + 1000 * second,
        new Query(SessionOrder.RATE, ""),
        Answer.of(Json.parseObject(status)),
        List.of(),
        Answer.of(Json.parseObject(heaviest)));
  }

  /** The same with so many members of a group, the second of which is down. */
  static Model withMembers(Model model, int members) {
    List<Model.MemberRow> rows = new ArrayList<>();
    for (int i = 1; i <= members; i++) {
      rows.add(
          i == 1
              ? new Model.MemberRow(
                  "app",
                  "web-002",
                  "192.0.2.2:8443",
                  "down",
                  MemberText.Trouble.LOST,
                  301_000,
                  "1",
                  "0",
                  0,
                  7,
                  "connection refused, 1.2s ago",
                  "connection refused, 31 times, 1.2s ago")
              : new Model.MemberRow(
                  "app",
                  "web-%03d".formatted(i == 2 ? 1 : i),
                  "192.0.2.%d:8443".formatted(i == 2 ? 1 : i),
                  "up",
                  MemberText.Trouble.NONE,
                  7_200_000,
                  "1",
                  "12/500",
                  3.5,
                  0,
                  "ok, 1.9s ago",
                  "-"));
    }
    return new Model(
        model.server(),
        model.all(),
        model.listeners(),
        rows,
        model.workers(),
        model.classes(),
        model.sessions(),
        model.total(),
        model.matching());
  }

  /** After two looks, a second apart. */
  static Model model(int sessions) throws Json.MalformedException {
    LastMinute history = new LastMinute();
    var _ = history.add(at(4700, 1, sessions));
    return history.add(at(4700, 2, sessions));
  }
}
