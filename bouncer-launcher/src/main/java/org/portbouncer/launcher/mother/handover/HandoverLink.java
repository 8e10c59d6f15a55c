package org.portbouncer.launcher.mother.handover;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.portbouncer.core.config.ConfigCodec;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.Fields;
import org.portbouncer.core.hop.HopMarker;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Pipes;

/**
 * One end of the link between the mother of a server and the mother of the one that is to follow
 * it, another installed version perhaps. The new one asks, the old one answers:
 *
 * <pre>
 *   HELLO        both  protocol u16, layout u32, version as text; what follows is not looked at
 *   NEXT         new   hand me one more
 *   SOCKET       old   a listening socket, see {@link Kept}; the descriptor
 *   MEMORY       old   kind u8, length u64; the descriptor. Only where protocol and layout are the same
 *   COMPLETE     old   there is no more
 *   READY        new   its pid u32, whether it takes live sessions u8, why it does not as text
 *   GO           old   the last session id u64: nobody is accepted here any more
 *   INBOX        new   the writing end of an io worker's inbox: the descriptor
 *   SERVING      new   clients are accepted here
 *   MAIN         old   the service manager has been told who serves
 *   END          new   now u8: what is left of the old one is to end
 * </pre>
 *
 * HELLO, NEXT, SOCKET, COMPLETE, READY, GO, SERVING, MAIN and END never change: with them a server
 * follows one of any version, and sessions stay where they are. All else is for two of the same
 * protocol and layout. Every packet is checked for its length and its descriptors. On one thread.
 */
public final class HandoverLink {

  /** In the environment of a server that is to follow another. */
  public static final String VARIABLE = "BOUNCER_HANDOVER";

  /** Where that finds its end of the link. */
  public static final int DESCRIPTOR = 3;

  private static final int MOST_TEXT = 4096;

  /** What is said; the code is its place, from 1. */
  public enum Word {
    HELLO,
    NEXT,
    SOCKET,
    MEMORY,
    COMPLETE,
    READY,
    GO,
    INBOX,
    SERVING,
    MAIN,
    END;

    private static final Word[] ALL = values();
  }

  /** Which memory a MEMORY is. */
  public enum Memory {
    AREA,
    SLOTS,
    EPOCHS,
    BOOKS;

    private static final Memory[] ALL = values();
  }

  /** Who is at the other end. */
  public record Hello(int protocol, int layout, String version) {

    /** This process. */
    public static Hello own(String version) {
      return new Hello(
          Integer.getInteger("bouncer.handover.protocol", 1),
          Integer.getInteger("bouncer.handover.layout", layoutHere()),
          version);
    }

    private static int layoutHere() {
      int layout = SharedArea.layout();
      layout = 31 * layout + SessionState.form();
      layout = 31 * layout + HopMarker.form();
      return 31 * layout + ConfigCodec.form();
    }

    /** Why live sessions cannot go from one to the other; "" where they can. */
    public String differsFrom(Hello other) {
      if (protocol != other.protocol) {
        return "the hand-over has protocol " + other.protocol + " there and " + protocol + " here";
      }
      return layout == other.layout ? "" : "the two versions keep sessions in different forms";
    }
  }

  /**
   * A listening socket on its way.
   *
   * @param endpoint where it listens
   * @param anyPort as {@code ListenSocket.anyPort} says it, "" for none
   * @param passed whether a socket unit made it
   * @param fresh whether all who come have the options of a forwarded connection
   */
  public record Kept(int fd, Endpoint endpoint, String anyPort, boolean passed, boolean fresh) {}

  private final ControlChannel channel;
  private Word word;

  public HandoverLink(int fd) {
    channel = new ControlChannel(fd);
  }

  public int fd() {
    return channel.fd();
  }

  // Writing: 0 or the errno.

  public int hello(Hello hello) {
    ByteBuffer packet = begin(Word.HELLO);
    packet.putShort((short) hello.protocol).putInt(hello.layout);
    put(packet, hello.version);
    return channel.send();
  }

  public int say(Word plain) {
    begin(plain);
    return channel.send();
  }

  public int socket(Kept socket) {
    ByteBuffer packet = begin(Word.SOCKET);
    Endpoint endpoint = socket.endpoint;
    packet.put((byte) (endpoint.kind() == Endpoint.Kind.UNIX ? 1 : 0));
    packet.put(
        (byte) ((socket.passed ? 1 : 0) | (socket.fresh ? 2 : 0) | (endpoint.udp() ? 4 : 0)));
    packet.putShort((short) endpoint.port());
    put(packet, endpoint.text());
    put(packet, endpoint.host());
    put(packet, endpoint.path());
    put(packet, socket.anyPort);
    channel.attach(socket.fd);
    return channel.send();
  }

  public int memory(Memory kind, int fd, long length) {
    begin(Word.MEMORY).put((byte) kind.ordinal()).putLong(length);
    channel.attach(fd);
    return channel.send();
  }

  int ready(int pid, boolean takes, String why) {
    ByteBuffer packet = begin(Word.READY).putInt(pid).put((byte) (takes ? 1 : 0));
    put(packet, why);
    return channel.send();
  }

  public int go(long lastId) {
    begin(Word.GO).putLong(lastId);
    return channel.send();
  }

  int inbox(int fd) {
    begin(Word.INBOX);
    channel.attach(fd);
    return channel.send();
  }

  int end(boolean now) {
    begin(Word.END).put((byte) (now ? 1 : 0));
    return channel.send();
  }

  private ByteBuffer begin(Word code) {
    return channel.begin(code.ordinal() + 1);
  }

  private static void put(ByteBuffer packet, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(bytes.length, MOST_TEXT);
    packet.putShort((short) length).put(bytes, 0, length);
  }

  // Reading.

  /**
   * Waits for the next word.
   *
   * @throws ControlException where none comes in time, the other end has gone, or says what is none
   */
  Word await(int millis) throws ControlException {
    Pipes.awaitReadable(fd(), millis);
    Word said = next();
    if (said == null) {
      throw new ControlException("no word for " + millis / 1000 + " s");
    }
    return said;
  }

  /**
   * Takes the next word, whose fields are then to be read.
   *
   * @return null where none has come
   * @throws ControlException where the other end has gone, or says what is none
   */
  public Word next() throws ControlException {
    channel.closeDescriptors();
    int length = channel.receive();
    if (length == -Errno.EAGAIN || length == -Errno.EINTR) {
      return null;
    }
    if (length <= 0) {
      throw new ControlException("the other server has gone");
    }
    int code = channel.code();
    if (channel.truncated() || code < 1 || code > Word.ALL.length) {
      channel.closeDescriptors();
      throw new ControlException("the other server says what nobody knows");
    }
    word = Word.ALL[code - 1];
    boolean carries = word == Word.SOCKET || word == Word.MEMORY || word == Word.INBOX;
    if (channel.descriptorCount() != (carries ? 1 : 0)) {
      channel.closeDescriptors();
      throw new ControlException(word + " with " + channel.descriptorCount() + " descriptors");
    }
    return word;
  }

  /** The fields of HELLO. */
  public Hello readHello() throws ControlException {
    Fields fields = fields(Word.HELLO);
    return new Hello(fields.u16(), fields.i32(), text(fields));
  }

  /** The fields of a word that has none. */
  public void readNothing() throws ControlException {
    channel.fields().end();
  }

  /** Those of SOCKET; its descriptor is the caller's. */
  Kept readSocket() throws ControlException {
    Fields fields = fields(Word.SOCKET);
    boolean unix = flag(fields);
    int flags = fields.u8();
    int port = fields.u16();
    String name = text(fields);
    String host = text(fields);
    String path = text(fields);
    String anyPort = text(fields);
    fields.end();
    if (unix == path.isEmpty() || unix != host.isEmpty() || flags > 7) {
      throw new ControlException("a listening socket without an address");
    }
    Endpoint.Kind kind = unix ? Endpoint.Kind.UNIX : Endpoint.Kind.INET;
    boolean udp = (flags & 4) != 0;
    Endpoint endpoint = new Endpoint(kind, name, host, port, path, Endpoint.Ports.ONE, udp);
    return new Kept(take(), endpoint, anyPort, (flags & 1) != 0, (flags & 2) != 0);
  }

  /**
   * What a MEMORY is; its descriptor is the caller's.
   *
   * @param length what is read into it: its length
   */
  int readMemory(Memory[] kind, long[] length) throws ControlException {
    Fields fields = fields(Word.MEMORY);
    int code = fields.u8();
    long size = fields.i64();
    fields.end();
    if (code >= Memory.ALL.length || size < 0) {
      throw new ControlException("a memory that nobody knows");
    }
    kind[0] = Memory.ALL[code];
    length[0] = size;
    return take();
  }

  /**
   * The fields of READY.
   *
   * @param pid of the server that is ready
   * @param takes whether it takes live sessions
   * @param why it does not
   */
  public record Ready(int pid, boolean takes, String why) {}

  public Ready readReady() throws ControlException {
    Fields fields = fields(Word.READY);
    Ready ready = new Ready(fields.number(), flag(fields), text(fields));
    fields.end();
    return ready;
  }

  long readGo() throws ControlException {
    Fields fields = fields(Word.GO);
    long lastId = fields.i64();
    fields.end();
    return lastId;
  }

  public int readInbox() throws ControlException {
    fields(Word.INBOX).end();
    return take();
  }

  public boolean readEnd() throws ControlException {
    Fields fields = fields(Word.END);
    boolean now = flag(fields);
    fields.end();
    return now;
  }

  private Fields fields(Word expected) throws ControlException {
    if (word != expected) {
      throw new ControlException(word + " where " + expected + " was to come");
    }
    return channel.fields();
  }

  private int take() {
    return channel.take(0);
  }

  private static boolean flag(Fields fields) throws ControlException {
    int flag = fields.u8();
    if (flag > 1) {
      throw new ControlException("neither yes nor no");
    }
    return flag == 1;
  }

  private static String text(Fields fields) throws ControlException {
    int length = fields.u16();
    if (length > MOST_TEXT) {
      throw new ControlException("a text that is too long");
    }
    return new String(fields.bytes(length), StandardCharsets.UTF_8);
  }
}
