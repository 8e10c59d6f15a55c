package org.portbouncer.launcher.mother.succession;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.handover.HandoverLink;

/**
 * What a server hands over to the one that follows, one after the other as that asks for it; {@code
 * Inheritance} is the other end. In the mother, on her loop's thread.
 */
final class Bequest {

  private interface Item {
    int send();
  }

  private final HandoverLink link;
  private final Deque<Item> items = new ArrayDeque<>();

  /** Memory files made for it. */
  private final List<Integer> files = new ArrayList<>();

  Bequest(HandoverLink link) {
    this.link = link;
  }

  void addSockets(List<HandoverLink.Kept> sockets) {
    for (HandoverLink.Kept socket : sockets) {
      items.add(() -> link.socket(socket));
    }
  }

  /** Adds the memory of sessions, and what is to be known of it. */
  void addSessions(SuccessorParts parts) {
    Ground ground = parts.ground();
    items.add(
        () -> link.memory(HandoverLink.Memory.AREA, ground.area().fd(), ground.area().size()));
    if (ground.states().slots() != null) {
      int slots = ground.states().slots().fd();
      items.add(() -> link.memory(HandoverLink.Memory.SLOTS, slots, 0));
    }
    add(HandoverLink.Memory.EPOCHS, parts.published().toInherit());
    add(
        HandoverLink.Memory.BOOKS,
        parts.epochs().books(parts.supervisor(), parts.cluster().seat()).encode());
  }

  private void add(HandoverLink.Memory kind, byte[] bytes) {
    int fd = Native.constantFile("bouncer-handover", bytes);
    files.add(fd);
    items.add(() -> link.memory(kind, fd, bytes.length));
  }

  /**
   * Sends what comes next, or that this was all.
   *
   * @return 0, or the errno of a link that does not take it
   */
  int sendNext() {
    Item item = items.poll();
    return item == null ? link.say(HandoverLink.Word.COMPLETE) : item.send();
  }

  /** Nothing more is asked for. */
  void close() {
    files.forEach(Libc::close);
    files.clear();
    items.clear();
  }
}
