package org.portbouncer.launcher.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;

/** Writes how the cluster looks, the same for every answer that tells of it. */
public final class ClusterJson {

  private ClusterJson() {}

  /** Writes it as an object. */
  public static void write(JsonGenerator json, ClusterView cluster) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", cluster.name());
    json.writeStringField("redis", cluster.redis());
    json.writeStringField("server", cluster.member());
    json.writeStringField("state", cluster.state());
    json.writeStringField("since", Instant.ofEpochMilli(cluster.sinceMs()).toString());
    json.writeStringField("last_trouble", cluster.why());
    json.writeStringField("when_away", cluster.whenAway());
    if (cluster.leaseAgeMs() < 0) {
      json.writeNullField("lease_age_ms");
    } else {
      json.writeNumberField("lease_age_ms", cluster.leaseAgeMs());
    }
    json.writeNumberField("call_ms", cluster.callMs());
    json.writeNumberField("servers", cluster.members());
    json.writeArrayFieldStart("members");
    for (ClusterView.Member member : cluster.named()) {
      json.writeStartObject();
      json.writeStringField("server", member.name());
      json.writeNumberField("heard_ms", member.heardMs());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("limits");
    for (ClusterView.Limit limit : cluster.limits()) {
      json.writeStartObject();
      json.writeStringField("limit", limit.of());
      json.writeStringField("of", limit.name());
      json.writeNumberField("all", limit.limit());
      json.writeNumberField("part", limit.part());
      json.writeNumberField("used", limit.used());
      json.writeNumberField("held_by_all", limit.heldByAll());
      json.writeNumberField("used_by_all", limit.usedByAll());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }
}
