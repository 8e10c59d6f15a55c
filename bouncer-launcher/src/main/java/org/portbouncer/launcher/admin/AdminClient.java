package org.portbouncer.launcher.admin;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;
import jnr.unixsocket.UnixSocketOptions;

/** A command's end of the admin socket: asks one line at a time. Used by one thread. */
public final class AdminClient implements Closeable {

  private final UnixSocketChannel channel;
  private final LineReader reader;
  private IOException unsent;

  private AdminClient(UnixSocketChannel channel) {
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
    if (!Files.exists(socket)) { // known without the native library, which takes its time to load
      throw new NoServerException(socket, "no such file");
    }
    UnixSocketChannel channel = UnixSocketChannel.open();
    try {
      int millis = (int) Math.min(Integer.MAX_VALUE, Math.max(1, patience.toMillis()));
      channel.setOption(UnixSocketOptions.SO_RCVTIMEO, millis);
      channel.setOption(UnixSocketOptions.SO_SNDTIMEO, millis);
      if (!channel.connect(new UnixSocketAddress(socket.toFile()))) {
        throw new IOException("it takes no connection");
      }
      return new AdminClient(channel);
    } catch (IOException e) {
      channel.close();
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
    String answer;
    try {
      send(request);
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

  /** The process at the other end, as the kernel says; 0 where it cannot be seen from here. */
  public long serverPid() throws IOException {
    return channel.getOption(UnixSocketOptions.SO_PEERCRED).getPid();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
