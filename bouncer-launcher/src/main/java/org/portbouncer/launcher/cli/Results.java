package org.portbouncer.launcher.cli;

import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;

/**
 * Standard output that knows why it could not be written, which a PrintStream keeps to itself. Of
 * the process that runs a command.
 */
public final class Results extends PrintStream {

  private final Witness witness;

  /**
   * @param out where bytes go, unbuffered
   * @param charset of the texts
   */
  public Results(OutputStream out, Charset charset) {
    this(new Witness(out), charset);
  }

  private Results(Witness witness, Charset charset) {
    super(new BufferedOutputStream(witness), true, charset);
    this.witness = witness;
  }

  /** Writes what is left; why something was lost, or null where all went, or the reader left. */
  String loss() {
    boolean failed = checkError();
    String text = witness.first;
    if (!failed || text != null && text.contains("Broken pipe")) {
      return null; // "sessions | head" has seen what it wanted
    }
    return text == null ? "not written" : text;
  }

  private static final class Witness extends FilterOutputStream {

    private String first;

    Witness(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      try {
        out.write(bytes, from, length);
      } catch (IOException e) {
        if (first == null) {
          first = String.valueOf(e.getMessage());
        }
        throw e;
      }
    }
  }
}
