package org.portbouncer.launcher.mother.ground;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.portbouncer.core.config.Configuration.StateTransfer;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.hop.StateFiles;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.worker.Padding;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a new session its state, where `state-transfer.mode` wants it: in memory, in a file, in a
 * slot of shared memory. What runs out is replaced by the next best, counted, and said in the log.
 * In the mother, on her loop's thread.
 */
public final class StateMaker {

  private static final Logger LOG = LoggerFactory.getLogger(StateMaker.class);
  private static final long LOG_NANOS = 1_000_000_000;

  private final StateTransfer settings;
  private final StateFiles files;
  private final StateSlots slots;
  private final Padding padding = new Padding();
  private long logged;
  private final AtomicLong spilled = new AtomicLong();

  private StateMaker(StateTransfer settings, StateSlots slots) {
    this.settings = settings;
    this.slots = slots;
    this.files = new StateFiles(settings.directory());
    this.logged = System.nanoTime() - LOG_NANOS;
    padding.prepare(settings.padding());
  }

  /** Prepares for the configured mode. */
  public static StateMaker open(StateTransfer settings) {
    return open(settings, null);
  }

  /**
   * The same with the slots of the server before this one.
   *
   * @param inherited null for none
   */
  public static StateMaker open(StateTransfer settings, StateSlots inherited) {
    if (inherited != null) {
      return new StateMaker(settings, inherited);
    }
    StateSlots slots =
        settings.mode() == StateTransfer.Mode.SHM
            ? StateSlots.create(settings.slots(), SessionState.BYTES + settings.padding())
            : null;
    return new StateMaker(settings, slots);
  }

  /**
   * Makes sure that a configured directory takes files, from the user that the server runs as.
   *
   * @throws StartException where it does not
   */
  public void tryDirectory() throws StartException {
    if (settings.mode() != StateTransfer.Mode.FILE_FD || settings.directory().isEmpty()) {
      return;
    }
    String directory = settings.directory();
    if (!Files.isDirectory(Path.of(directory))) {
      throw new StartException(
          "state-transfer.file-fd.backing: " + directory + " is not a directory");
    }
    Session trial = new Session();
    create(trial, 0);
    int errno = files.create(trial);
    trial.clear();
    if (errno != 0) {
      throw new StartException(
          "state-transfer.file-fd.backing: cannot write to "
              + directory
              + ": "
              + Errno.text(errno));
    }
  }

  /** What a state has, as far as it travels inline. */
  public int inlineBytes() {
    return SessionState.BYTES
        + (settings.mode() == StateTransfer.Mode.INLINE ? settings.padding() : 0);
  }

  /** The area of state slots, or null where the mode needs none. */
  public StateSlots slots() {
    return slots;
  }

  /** Sessions whose state did not go as configured, as far as the mother made it so. */
  public long spilled() {
    return spilled.get();
  }

  /** Starts the state of session {@code id} inline; {@link #place} moves it to where it travels. */
  private void create(Session session, long id) {
    session.create(padding.block().address() + padding.offset(id), padding.length());
    session.state().checksum(padding.length() == 0 ? 0 : padding.checksum(id));
  }

  /**
   * Starts a session's state; in a slot at once where it belongs there.
   *
   * @param id the session's
   */
  public void begin(Session session, long id) {
    int slot = slots == null ? -1 : slots.allocate();
    if (slot >= 0) {
      session.createInSlot(slots, slot, padding.block(), padding.offset(id), padding.length());
      session.state().checksum(padding.length() == 0 ? 0 : padding.checksum(id));
    } else {
      create(session, id);
    }
  }

  /** Moves a state that is complete into its file, where it belongs there or no slot was free. */
  public void place(Session session) {
    if (settings.mode() == StateTransfer.Mode.INLINE
        || session.transfer() != StateTransfer.Mode.INLINE) {
      return;
    }
    int errno;
    if (settings.mode() == StateTransfer.Mode.SHM) {
      spill("all state slots are taken; sessions go as file-fd");
      errno = files.createInMemory(session);
    } else {
      errno = files.create(session);
      if (errno != 0 && files.inDirectory()) {
        spill(settings.directory() + ": " + Errno.text(errno) + "; session state goes to memory");
        errno = files.createInMemory(session);
      }
    }
    if (errno != 0) {
      spill("no file for session state: " + Errno.text(errno) + "; it goes inline");
    }
  }

  /**
   * Adds a section to a state; where a slot has no room for it, that goes to a file in memory.
   *
   * @return 0 or the errno; the session is as it was then
   */
  public int addSection(Session session, Sections.Type type, MemorySegment from, int length) {
    boolean inSlot = session.transfer() == StateTransfer.Mode.SHM;
    int errno = files.addSection(session, type, from, 0, length);
    if (inSlot && session.transfer() != StateTransfer.Mode.SHM) {
      spilled.incrementAndGet();
    }
    return errno;
  }

  /** Counts states that no datagram took on the first hop. */
  public void spilledOnHop(int count) {
    spilled.addAndGet(count);
  }

  private void spill(String why) {
    long sum = spilled.incrementAndGet();
    long now = System.nanoTime();
    if (now - logged >= LOG_NANOS) {
      logged = now;
      LOG.warn("{}; spilled so far: {}", why, sum);
    }
  }
}
