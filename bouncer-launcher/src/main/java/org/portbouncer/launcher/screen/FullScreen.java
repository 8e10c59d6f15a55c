package org.portbouncer.launcher.screen;

import java.io.Closeable;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jline.terminal.Attributes;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.DumbTerminal;
import org.jline.utils.AttributedString;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp;
import org.jline.utils.InfoCmp.Capability;
import org.portbouncer.core.sys.TerminalDevice;

/**
 * The terminal while a command has all of it: another screen than the shell's, no echo, keys as
 * they are pressed. However the command ends, by {@link #close} or a signal, the terminal is again
 * what it was. Used by one thread.
 *
 * <p>JLine knows what to send to which terminal, and what need not be sent again. How the terminal
 * is set is no matter of its: it would lose what it has no name for.
 */
public final class FullScreen implements Closeable {

  private static final int STDIN = 0;
  private static final int STDOUT = 1;

  /** For a terminal that does not know its own. */
  private static final TerminalDevice.Size USUAL = new TerminalDevice.Size(80, 24);

  /** Held, or it would be collected, and what is set here lost with it. */
  private static final Logger JLINE = Logger.getLogger("org.jline");

  static {
    // It would write to the very terminal; what matters of it comes as an exception.
    JLINE.setLevel(Level.OFF);
  }

  private final TerminalDevice device;
  private final Terminal terminal;
  private final KeyReader keys;
  private final Display display;
  private final Thread atExit = new Thread(this::restore, "terminal-restore");
  private TerminalDevice.Size size = new TerminalDevice.Size(0, 0);
  private TerminalDevice.Size shown = size;
  private boolean restored;

  /** There is no terminal to draw on; the message says why. */
  public static final class NoTerminalException extends IOException {
    private static final long serialVersionUID = 1L;

    NoTerminalException(String why) {
      super(why);
    }
  }

  private FullScreen(TerminalDevice device, Terminal terminal) {
    this.device = device;
    this.terminal = terminal;
    keys = new KeyReader(terminal.reader()::read);
    display = new Display(terminal, true);
  }

  /** Takes the terminal that standard input and output are. */
  public static FullScreen open() throws IOException {
    TerminalDevice device = TerminalDevice.of(STDIN);
    if (device == null || TerminalDevice.of(STDOUT) == null) {
      throw new NoTerminalException("standard input and output must be one");
    }
    String type = System.getenv().getOrDefault("TERM", "dumb");
    Charset encoding = Charset.forName(System.getProperty("stdout.encoding", "UTF-8"));
    Terminal terminal =
        new DumbTerminal(
            "bouncer",
            type,
            new FileInputStream(FileDescriptor.in),
            new FileOutputStream(FileDescriptor.out),
            encoding);
    if (!known(type) || terminal.getStringCapability(Capability.cursor_address) == null) {
      throw new NoTerminalException("TERM=" + type + " is unknown, or cannot move its cursor");
    }
    Attributes keysAsTheyAre = terminal.getAttributes();
    keysAsTheyAre.setLocalFlag(Attributes.LocalFlag.ISIG, false);
    keysAsTheyAre.setInputFlag(Attributes.InputFlag.ICRNL, false);
    terminal.setAttributes(keysAsTheyAre);
    FullScreen screen = new FullScreen(device, terminal);
    screen.take();
    return screen;
  }

  /** JLine takes one that it does not know for another, and draws wrongly. */
  private static boolean known(String type) {
    try {
      return InfoCmp.getInfoCmp(type) != null;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void take() {
    Runtime.getRuntime().addShutdownHook(atExit);
    device.raw();
    terminal.puts(Capability.enter_ca_mode);
    terminal.puts(Capability.keypad_xmit);
    terminal.puts(Capability.cursor_invisible);
    terminal.puts(Capability.clear_screen);
    terminal.flush();
  }

  /** Columns. */
  public int width() {
    return size.columns();
  }

  /** Rows. */
  public int height() {
    return size.rows();
  }

  /** Whether block characters can be written. */
  public boolean unicode() {
    return terminal.encoding().equals(StandardCharsets.UTF_8);
  }

  /**
   * Looks how large the window is.
   *
   * @return whether that is news
   */
  public boolean resized() {
    TerminalDevice.Size told = device.size();
    TerminalDevice.Size now = told.columns() > 0 && told.rows() > 0 ? told : USUAL;
    boolean news = !now.equals(size);
    size = now;
    return news;
  }

  /** The next key, or {@link Key#NONE} where none is pressed in time. */
  public Key key(long millis) throws IOException {
    return keys.next(millis);
  }

  /** Shows these lines; what is the same as before is not written again. */
  public synchronized void show(List<AttributedString> lines) {
    if (restored) {
      return;
    }
    if (!size.equals(shown)) {
      shown = size;
      display.resize(size.rows(), size.columns());
      display.clear();
    }
    display.update(new ArrayList<>(lines), -1);
    terminal.flush();
  }

  private synchronized void restore() {
    if (restored) {
      return;
    }
    restored = true;
    terminal.puts(Capability.cursor_visible);
    terminal.puts(Capability.keypad_local);
    terminal.puts(Capability.exit_ca_mode);
    terminal.flush();
    device.restore();
  }

  @Override
  public void close() {
    restore();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException ending) {
      // A signal was quicker, and its hook runs.
    }
  }
}
