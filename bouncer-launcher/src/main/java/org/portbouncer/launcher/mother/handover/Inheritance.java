package org.portbouncer.launcher.mother.handover;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.config.ConfigCodecException;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.EpochCodec;
import org.portbouncer.launcher.Version;
import org.portbouncer.launcher.mother.books.Books;
import org.portbouncer.launcher.mother.ground.StartException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a server that is to follow another has been given by it: listening sockets, and, where both
 * keep sessions in the same form, the memory that they are kept in. Read before anything else of
 * this server is made. In the mother, on her main thread.
 */
public final class Inheritance {

  private static final Logger LOG = LoggerFactory.getLogger(Inheritance.class);

  /** For the other server to say its next word. */
  private static final int PATIENCE_MS = 20_000;

  /** The most bytes of books, and of configurations. */
  private static final long MOST_BYTES = 1 << 30;

  private final HandoverLink link;
  private final List<HandoverLink.Kept> sockets = new ArrayList<>();
  private final Map<HandoverLink.Memory, Integer> files = new EnumMap<>(HandoverLink.Memory.class);
  private final Map<HandoverLink.Memory, Long> lengths = new EnumMap<>(HandoverLink.Memory.class);
  private HandoverLink.Hello other;
  private String why = "";
  private SharedArea area;
  private StateSlots slots;
  private List<Epoch> epochs = List.of();
  private Books books;

  private Inheritance(HandoverLink link) {
    this.link = link;
  }

  /**
   * Takes it, where this server was started to follow another.
   *
   * @param mostRecords records of sessions that this server wants
   * @return null where it was not
   * @throws StartException where the other server gives nothing
   */
  public static Inheritance take(
      Map<String, String> environment, Configuration configuration, int mostRecords)
      throws StartException {
    if (!environment.containsKey(HandoverLink.VARIABLE)) {
      return null;
    }
    int fd = HandoverLink.DESCRIPTOR;
    Libc.fcntl(fd, Const.F_SETFD, Const.FD_CLOEXEC);
    Inheritance inheritance = new Inheritance(new HandoverLink(fd));
    try {
      inheritance.receive();
    } catch (ControlException e) {
      throw new StartException("cannot follow the server before: " + e.getMessage(), e);
    }
    if (inheritance.why.isEmpty()) {
      inheritance.why = inheritance.open(configuration, mostRecords);
    }
    if (!inheritance.why.isEmpty()) {
      LOG.warn("live sessions stay with the server before: {}", inheritance.why);
      inheritance.forgetSessions();
    }
    return inheritance;
  }

  private void receive() throws ControlException {
    HandoverLink.Hello own = HandoverLink.Hello.own(Version.text());
    link.hello(own);
    if (link.await(PATIENCE_MS) != HandoverLink.Word.HELLO) {
      throw new ControlException("it does not say who it is");
    }
    other = link.readHello();
    why = own.differsFrom(other);
    LOG.info("following a server of version {}", other.version());
    while (true) {
      link.say(HandoverLink.Word.NEXT);
      switch (link.await(PATIENCE_MS)) {
        case SOCKET -> sockets.add(link.readSocket());
        case MEMORY -> memory();
        case COMPLETE -> {
          link.readNothing();
          return;
        }
        default -> throw new ControlException("it hands over what nobody knows");
      }
    }
  }

  private void memory() throws ControlException {
    HandoverLink.Memory[] kind = new HandoverLink.Memory[1];
    long[] length = new long[1];
    int fd = link.readMemory(kind, length);
    Integer twice = files.put(kind[0], fd);
    lengths.put(kind[0], length[0]);
    if (twice != null) {
      Libc.close(twice);
      throw new ControlException("it hands the same over twice");
    }
  }

  /** Whether this server can use it: why not, "" where it can. */
  private String open(Configuration configuration, int mostRecords) {
    if (!files.containsKey(HandoverLink.Memory.AREA)) {
      return "it does not hand them over";
    }
    try {
      books = Books.decode(read(HandoverLink.Memory.BOOKS));
      epochs = EpochCodec.decode(ByteBuffer.wrap(read(HandoverLink.Memory.EPOCHS)), null);
      Configuration before = epochs.getLast().configuration();
      if (!before.stateTransfer().equals(configuration.stateTransfer())) {
        return "state-transfer is another one in the configuration of the new";
      }
      area = SharedArea.open(files.get(HandoverLink.Memory.AREA));
      if (area.sessions().capacity() < mostRecords) {
        return "limits.max-sessions is more than there is room for in the server before";
      }
      Integer slotsFd = files.get(HandoverLink.Memory.SLOTS);
      slots = slotsFd == null ? null : StateSlots.openToAllocate(slotsFd);
      return "";
    } catch (ControlException
        | ConfigCodecException
        | IllegalArgumentException
        | SystemCallException e) {
      return String.valueOf(e.getMessage());
    } finally {
      close(HandoverLink.Memory.BOOKS);
      close(HandoverLink.Memory.EPOCHS);
    }
  }

  private byte[] read(HandoverLink.Memory kind) throws ControlException {
    Integer fd = files.get(kind);
    if (fd == null || lengths.get(kind) > MOST_BYTES) {
      throw new ControlException("its books are not there");
    }
    return Native.read(fd, lengths.get(kind).intValue());
  }

  private void forgetSessions() {
    area = null;
    slots = null;
    books = null;
    epochs = List.of();
    for (HandoverLink.Memory kind : HandoverLink.Memory.values()) {
      close(kind);
    }
  }

  private void close(HandoverLink.Memory kind) {
    Integer fd = files.remove(kind);
    if (fd != null) {
      Libc.close(fd);
    }
  }

  HandoverLink link() {
    return link;
  }

  /** Who gave it. */
  HandoverLink.Hello other() {
    return other;
  }

  public List<HandoverLink.Kept> sockets() {
    return sockets;
  }

  /** Whether live sessions come along: all below is there then. */
  public boolean takesSessions() {
    return why.isEmpty();
  }

  /** Why they do not. */
  String why() {
    return why;
  }

  public SharedArea area() {
    return area;
  }

  /** Null where no state travels in slots. */
  public StateSlots slots() {
    return slots;
  }

  /** The configurations that live sessions began under, the one in force last. */
  public List<Epoch> epochs() {
    return epochs;
  }

  /** The number of the newest of them; 0 where there is none. */
  public int lastEpoch() {
    return epochs.isEmpty() ? 0 : epochs.getLast().number();
  }

  public Books books() {
    return books;
  }
}
