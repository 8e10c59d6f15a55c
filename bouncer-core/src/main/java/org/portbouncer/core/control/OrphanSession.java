package org.portbouncer.core.control;

/**
 * All that the worker of a mother who has died says of one of its sessions, for another server to
 * go on with it: names where its record has places, so that neither memory nor configuration of the
 * two need be the same. Nothing of it is true because it is said.
 *
 * @param number which of those that are told over this link, from 1
 * @param id as `sessions` shows it
 */
public record OrphanSession(
    int number, long id, Times times, Names names, Addresses addresses, Position position) {

  /**
   * When; in ns of CLOCK_MONOTONIC but for two.
   *
   * @param acceptedWallMs ms of the wall clock
   * @param setupMicros from accept to forwarding
   * @param activity when a byte last moved
   * @param throttled how long it has waited for its class
   * @param paused since when nobody forwards it
   */
  public record Times(
      long accepted,
      long acceptedWallMs,
      int setupMicros,
      long activity,
      long throttled,
      long paused) {}

  /**
   * What it belongs to; "" for none.
   *
   * @param endpoint the listener's address, as configured
   * @param member of the listener's group
   * @param address of that member, as configured
   * @param attempts members that were tried
   */
  public record Names(
      String listener,
      String endpoint,
      String acl,
      String rule,
      String bandwidth,
      String member,
      String address,
      String chain,
      int attempts) {}

  /**
   * Each a sockaddr as the session table has it, empty for none.
   *
   * @param peer who really connected, where a header says who the client is
   * @param server that was connected to, where the target does not say it
   */
  public record Addresses(byte[] client, byte[] local, byte[] peer, byte[] server) {}

  /**
   * How far it is.
   *
   * @param flags of SessionFlow
   * @param up bytes that were written to the target
   * @param down to the client
   * @param carriedUp bytes that come next on that way
   * @param carriedDown likewise
   * @param pipes one bit for each way, set where those bytes are in a pipe that comes along; else
   *     they were told before
   */
  public record Position(int flags, long up, long down, int carriedUp, int carriedDown, int pipes) {

    /** Bytes that come next. */
    public int carried(int way) {
      return way == 0 ? carriedUp : carriedDown;
    }

    /** Whether they are in a pipe. */
    public boolean inPipe(int way) {
      return (pipes & 1 << way) != 0;
    }
  }
}
