package org.portbouncer.core.control;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.SockAddr;

/**
 * One end of the link over which an io worker whose mother has died gives its sessions to another
 * server, of another version perhaps. That one asks by a datagram with one descriptor, the worker's
 * end of the link:
 *
 * <pre>
 *   CALL     server  protocol u16; the descriptor. To the socket that the worker was given at its start
 *   HELLO    worker  protocol u16, pid u32, io workers of its server u16 that live, this one included
 *   HELD     worker  way u8, then bytes: they come next on that way of the session that is told next
 *   SESSION  worker  an {@link OrphanSession}; its client, its target, the pipes that it says. It stands still
 *   DONE     worker  of each {@link Staying} how many u32: there is no more, and all were answered
 *   TOOK     server  number u32: the session is the server's from here on
 *   LEFT     server  number u32: it stays the worker's, and goes on there
 * </pre>
 *
 * A session is the worker's until TOOK has been sent, and after that never again: a worker that
 * waits no longer first closes its receiving side, so that a TOOK either is there or fails. Every
 * packet is checked for its length and its descriptors. On one thread.
 */
public final class OrphanLink {

  /** Raised by whatever changes the table above. */
  public static final int PROTOCOL = 1;

  /** Bytes in one HELD. */
  public static final int MOST_HELD = 8 * 1024;

  private static final int MOST_TEXT = 1024;

  /** What is said; the code is its place, from 1. */
  public enum Word {
    CALL,
    HELLO,
    HELD,
    SESSION,
    DONE,
    TOOK,
    LEFT;

    private static final Word[] ALL = values();
  }

  /** Who answers. */
  public record Hello(int protocol, int pid, int workers) {}

  /** Bytes on their way. */
  public record Held(int way, byte[] bytes) {}

  private final ControlChannel channel;
  private Word word;

  public OrphanLink(int fd) {
    channel = new ControlChannel(fd);
  }

  /** Serves another link from now on. */
  public void use(int fd) {
    channel.use(fd);
  }

  public int fd() {
    return channel.fd();
  }

  // Writing: 0 or the errno.

  /**
   * @param link the worker's end; stays the caller's
   */
  public int call(int link) {
    begin(Word.CALL).putShort((short) PROTOCOL);
    channel.attach(link);
    return channel.send();
  }

  public int hello(int pid, int workers) {
    begin(Word.HELLO).putShort((short) PROTOCOL).putInt(pid).putShort((short) workers);
    return channel.send();
  }

  /**
   * @param from where they begin in {@code bytes}
   * @param count at most {@link #MOST_HELD}
   */
  public int held(int way, byte[] bytes, int from, int count) {
    begin(Word.HELD).put((byte) way).put(bytes, from, count);
    return channel.send();
  }

  /**
   * @param descriptors client, target, pipes
   */
  public int session(OrphanSession it, int[] descriptors) {
    ByteBuffer packet = begin(Word.SESSION).putInt(it.number()).putLong(it.id());
    OrphanSession.Times times = it.times();
    packet.putLong(times.accepted()).putLong(times.acceptedWallMs()).putInt(times.setupMicros());
    packet.putLong(times.activity()).putLong(times.throttled()).putLong(times.paused());
    OrphanSession.Names names = it.names();
    put(packet, names.listener());
    put(packet, names.endpoint());
    put(packet, names.acl());
    put(packet, names.rule());
    put(packet, names.bandwidth());
    put(packet, names.member());
    put(packet, names.address());
    put(packet, names.chain());
    packet.put((byte) names.attempts());
    OrphanSession.Addresses addresses = it.addresses();
    put(packet, addresses.client());
    put(packet, addresses.local());
    put(packet, addresses.peer());
    put(packet, addresses.server());
    OrphanSession.Position position = it.position();
    packet.putInt(position.flags()).putLong(position.up()).putLong(position.down());
    packet.putInt(position.carriedUp()).putInt(position.carriedDown());
    packet.put((byte) position.pipes());
    for (int descriptor : descriptors) {
      channel.attach(descriptor);
    }
    return channel.send();
  }

  /** A longer one is cut, and is no name then that anybody knows. */
  private static void put(ByteBuffer packet, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(bytes.length, MOST_TEXT);
    packet.putShort((short) length).put(bytes, 0, length);
  }

  private static void put(ByteBuffer packet, byte[] address) {
    packet.put((byte) address.length).put(address);
  }

  /**
   * @param stay by {@link Staying}
   */
  public int done(int[] stay) {
    ByteBuffer packet = begin(Word.DONE);
    for (int count : stay) {
      packet.putInt(count);
    }
    return channel.send();
  }

  public int took(int number) {
    begin(Word.TOOK).putInt(number);
    return channel.send();
  }

  public int left(int number) {
    begin(Word.LEFT).putInt(number);
    return channel.send();
  }

  private ByteBuffer begin(Word code) {
    return channel.begin(code.ordinal() + 1);
  }

  // Reading.

  /**
   * Takes the next word, whose fields are then to be read. Descriptors of the one before that
   * nobody has taken are closed.
   *
   * @param byServer whether it is the server who speaks
   * @return null where none has come
   * @throws ControlException where the other end has gone, or says what is none
   */
  public Word next(boolean byServer) throws ControlException {
    channel.closeDescriptors();
    int length = byServer ? channel.receiveBare() : channel.receive();
    if (length == -Errno.EAGAIN || length == -Errno.EINTR) {
      return null;
    }
    if (length <= 0) {
      throw new ControlException("it has gone");
    }
    try {
      return known(byServer);
    } catch (ControlException e) {
      channel.closeDescriptors();
      throw e;
    }
  }

  private Word known(boolean byServer) throws ControlException {
    int code = channel.code();
    if (channel.truncated() || code < 1 || code > Word.ALL.length) {
      throw new ControlException("a word that nobody knows");
    }
    word = Word.ALL[code - 1];
    boolean servers = word == Word.TOOK || word == Word.LEFT;
    if (word == Word.CALL || servers != byServer) {
      throw new ControlException(word + " out of turn");
    }
    if (word != Word.SESSION && channel.descriptorCount() > 0) {
      throw new ControlException(word + " with descriptors");
    }
    return word;
  }

  /**
   * Takes a call, where one has come.
   *
   * @return the worker's end of a link, which is the caller's; -1 where none has come, or what is
   *     no call
   */
  public int takeCall() {
    int length = channel.receive();
    try {
      Fields fields = channel.fields();
      boolean call =
          length > 0
              && !channel.truncated()
              && channel.code() == Word.CALL.ordinal() + 1
              && channel.descriptorCount() == 1;
      if (call && fields.u16() > 0) {
        return channel.take(0);
      }
    } catch (ControlException e) {
      // It is none; whoever sends it may be of any version.
    } finally {
      channel.closeDescriptors();
    }
    return -1;
  }

  /** The fields of HELLO; of another protocol that alone. */
  public Hello readHello() throws ControlException {
    Fields fields = channel.fields();
    int protocol = fields.u16();
    if (protocol != PROTOCOL) {
      return new Hello(protocol, 0, 0);
    }
    Hello hello = new Hello(protocol, fields.number(), fields.u16());
    fields.end();
    return hello;
  }

  public Held readHeld() throws ControlException {
    Fields fields = channel.fields();
    int way = fields.u8();
    byte[] bytes = fields.rest(MOST_HELD);
    if (way > 1 || bytes.length == 0) {
      throw new ControlException("bytes of no way");
    }
    return new Held(way, bytes);
  }

  /** The fields of SESSION; its descriptors are taken by {@link #descriptor}. */
  public OrphanSession readSession() throws ControlException {
    Fields fields = channel.fields();
    int number = fields.number();
    long id = fields.i64();
    OrphanSession.Times times =
        new OrphanSession.Times(
            fields.i64(), fields.i64(), fields.i32(), fields.i64(), fields.i64(), fields.i64());
    OrphanSession.Names names =
        new OrphanSession.Names(
            text(fields),
            text(fields),
            text(fields),
            text(fields),
            text(fields),
            text(fields),
            text(fields),
            text(fields),
            fields.u8());
    OrphanSession.Addresses addresses =
        new OrphanSession.Addresses(
            address(fields), address(fields), address(fields), address(fields));
    OrphanSession.Position position =
        new OrphanSession.Position(
            fields.i32(),
            fields.i64(),
            fields.i64(),
            fields.number(),
            fields.number(),
            fields.u8());
    fields.end();
    if (position.pipes() > 3
        || channel.descriptorCount() != 2 + Integer.bitCount(position.pipes())) {
      throw new ControlException("a session without its descriptors");
    }
    return new OrphanSession(number, id, times, names, addresses, position);
  }

  /** Takes a descriptor of the word read last; it is the caller's. */
  public int descriptor(int index) {
    return channel.take(index);
  }

  private static String text(Fields fields) throws ControlException {
    int length = fields.u16();
    if (length > MOST_TEXT) {
      throw new ControlException("a text that is too long");
    }
    return new String(fields.bytes(length), StandardCharsets.UTF_8);
  }

  private static byte[] address(Fields fields) throws ControlException {
    int length = fields.u8();
    if (length != 0 && length != SockAddr.BYTES) {
      throw new ControlException("an address that is none");
    }
    return fields.bytes(length);
  }

  /** How many stay, by {@link Staying}. */
  public int[] readDone() throws ControlException {
    Fields fields = channel.fields();
    int[] stay = new int[Staying.values().length];
    for (int i = 0; i < stay.length; i++) {
      stay[i] = fields.number();
    }
    fields.end();
    return stay;
  }

  /** Which session TOOK or LEFT is about. */
  public int readNumber() throws ControlException {
    Fields fields = channel.fields();
    int number = fields.number();
    fields.end();
    return number;
  }
}
