package org.portbouncer.config;

import static org.portbouncer.config.SchemaKey.fixed;
import static org.portbouncer.config.SchemaKey.optional;
import static org.portbouncer.config.SchemaKey.required;
import static org.portbouncer.config.SchemaKey.secret;
import static org.portbouncer.config.SchemaKey.withDefault;

/** The keys of the block `cluster`, for the table in {@link Schema}. */
final class ClusterKeys {

  static final SchemaKey REDIS =
      fixed(
          required(
              "cluster.redis",
              "`redis://[USER@]HOST[:PORT][/DATABASE]`, or"
                  + " `redis-sentinel://[USER@]HOST[:PORT]/MASTER[/DATABASE]`",
              "the Redis or Valkey that servers share limits by, or the Sentinels that say"
                  + " where it is, `HOST:PORT,HOST:PORT` for several; `rediss`: over TLS"));

  static final SchemaKey NAME =
      fixed(required("cluster.name", "name", "servers of the same name share"));

  static final SchemaKey TOKEN =
      fixed(
          secret(
              "cluster.token",
              "text, or `file:PATH`",
              "none",
              "the password that Redis asks for, or the file whose one line it is"));

  static final SchemaKey SENTINEL_TOKEN =
      fixed(
          secret(
              "cluster.sentinel-token",
              "text, or `file:PATH`",
              "none",
              "the password that Sentinels ask for, likewise"));

  static final SchemaKey REDIS_PORTS =
      fixed(
          optional(
              "cluster.redis-ports",
              "port or list of ports",
              "6379",
              "where a master that Sentinels name may listen"));

  static final SchemaKey CA =
      fixed(
          optional(
              "cluster.ca",
              "path",
              "the JDK's own list",
              "certificates (PEM) of whoever signs Redis' certificate, for `rediss`"));

  static final SchemaKey WHEN_AWAY =
      fixed(
          withDefault(
              "cluster.when-away",
              "`local` or `refuse`",
              "local",
              "while Redis is not reached: keep this server's last part of each limit, or let"
                  + " nobody pass that a shared limit counts"));

  private ClusterKeys() {}
}
