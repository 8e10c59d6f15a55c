package org.portbouncer.launcher.admin;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A command's end of the admin socket: asks one line at a time. Used by one thread. On the JDK's
 * own Unix sockets, for a command lives for a moment (docs/decisions/010).
 */
public final class AdminClient implements Closeable {

  private final PatientChannel channel;
  private final LineReader reader;
  private IOException unsent;

  private AdminClient(PatientChannel channel) {
    this.channel = channel;
    this.reader = new LineReader(channel, Integer.MAX_VALUE - 16);
  }

  /** Nobody answers at the socket; the message says at which, and why. */
  public static final class NoServerException extends IOException {
    private static final long serialVersionUID = 1L;

    NoServerException(Path socket, String why) {
      super("no server answers at " + socket + ": " + why);
    }
  }

  /** The server has taken the request and not answered in time. */
  public static final class TimedOutException extends IOException {
    private static final long serialVersionUID = 1L;

    TimedOutException(Throwable cause) {
      super("the server did not answer in time", cause);
    }
  }

  /** The server has closed the connection, or is gone. */
  public static final class ClosedException extends IOException {
    private static final long serialVersionUID = 1L;

    ClosedException(Throwable cause) {
      super("the server closed the connection", cause);
    }
  }

  /**
   * Connects.
   *
   * @param socket the admin socket's path
   * @param patience how long to wait for each answer
   */
  public static AdminClient connect(Path socket, Duration patience) throws IOException {
    if (!Wire.fits(socket)) {
      throw new NoServerException(
          socket, "the path is longer than the " + Wire.MAX_PATH_BYTES + " bytes that fit");
    }
    // Where it may not be looked at, connecting says why.
    if (Files.notExists(socket)) {
      throw new NoServerException(socket, "no such file");
    }
    try {
      return new AdminClient(PatientChannel.connect(socket, patience));
    } catch (IOException e) {
      throw new NoServerException(socket, e.getMessage());
    }
  }

  /**
   * Asks and waits for the answer.
   *
   * @param request one line, as {@link Requests} writes it
   * @return the answer, one line of JSON, as the server wrote it
   */
  public String ask(String request) throws IOException {
    return answer(request);
  }

  /** Waits for one more line of an answer that has several. */
  public String next() throws IOException {
    return answer(null);
  }

  private String answer(String request) throws IOException {
    String answer;
    try {
      if (request != null) {
        send(request);
      }
      answer = reader.next();
    } catch (LineReader.IdleException e) {
      throw new TimedOutException(e);
    } catch (IOException e) {
      throw new ClosedException(e);
    }
    if (answer == null) {
      throw new ClosedException(unsent);
    }
    return answer;
  }

  /**
   * A server that refuses this peer says so and closes without reading: its line is to be read all
   * the same.
   */
  private void send(String request) throws IOException {
    try {
      Wire.writeLine(channel, request);
    } catch (LineReader.IdleException e) {
      throw e;
    } catch (IOException e) {
      unsent = e;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
