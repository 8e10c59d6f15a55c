package org.portbouncer.negotiator.cluster;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.portbouncer.core.config.Cluster;

/**
 * One connection to Redis: commands in RESP2, one answer for each, within a second. What Redis
 * answers is bounded in size and depth: it may have been taken over, too. On the thread of the
 * cluster's process, whose only work this is.
 */
final class RedisConnection implements AutoCloseable {

  /** For connecting, and for each answer; a part's term has two of them. */
  static final int PATIENCE_MS = 900;

  private static final int MOST_BYTES = 64 * 1024;
  private static final int MOST_ELEMENTS = 4096;

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  /** What an answer may still have. */
  private int left;

  private RedisConnection(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream());
    this.out = socket.getOutputStream();
  }

  /**
   * Connects.
   *
   * @param place where it listens
   * @param factory what makes a socket speak TLS; null for none
   * @throws IOException where it is not reached
   */
  static RedisConnection open(Cluster.Place place, SSLSocketFactory factory) throws IOException {
    IOException last = new UnknownHostException(place.host());
    for (InetAddress address : InetAddress.getAllByName(place.host())) {
      Socket socket = new Socket();
      try {
        socket.setTcpNoDelay(true);
        socket.setKeepAlive(true);
        socket.setSoTimeout(PATIENCE_MS);
        socket.connect(new InetSocketAddress(address, place.port()), PATIENCE_MS);
        return new RedisConnection(factory == null ? socket : secured(socket, place, factory));
      } catch (IOException e) {
        socket.close();
        last = e;
      } catch (RuntimeException e) {
        socket.close();
        throw e;
      }
    }
    throw last;
  }

  private static Socket secured(Socket socket, Cluster.Place place, SSLSocketFactory factory)
      throws IOException {
    SSLSocket secured = (SSLSocket) factory.createSocket(socket, place.host(), place.port(), true);
    SSLParameters parameters = secured.getSSLParameters();
    // The certificate must be of the host that was asked for.
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    secured.setSSLParameters(parameters);
    try {
      secured.startHandshake();
    } catch (SocketTimeoutException e) {
      // What Redis does that is spoken to in TLS where it speaks none.
      throw new SSLException("no answer in time: does it speak TLS on this port?", e);
    }
    return secured;
  }

  /**
   * Says who we are.
   *
   * @param user "" for its default user
   * @param token "" where it asks for none
   * @throws RedisException where it does not want us
   */
  void authenticate(String user, String token) throws IOException, RedisException {
    if (!token.isEmpty()) {
      call(user.isEmpty() ? List.of("AUTH", token) : List.of("AUTH", user, token));
    }
  }

  /**
   * What INFO says of something.
   *
   * @param section where it stands
   * @param field its name there
   * @throws IOException where it does not say it
   */
  String info(String section, String field) throws IOException, RedisException {
    if (call(List.of("INFO", section)) instanceof String info) {
      for (String line : info.split("\r?\n", -1)) {
        if (line.startsWith(field + ":")) {
          return line.substring(field.length() + 1).strip();
        }
      }
    }
    throw new IOException("INFO has no " + field);
  }

  /**
   * Sends a command and waits for its answer.
   *
   * @return a String, a Long, null, or a List of them
   * @throws IOException where there is none in time, or it is not RESP
   * @throws RedisException where it is an error
   */
  Object call(List<String> words) throws IOException, RedisException {
    ByteArrayOutputStream packet = new ByteArrayOutputStream();
    write(packet, "*" + words.size());
    for (String word : words) {
      byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
      write(packet, "$" + bytes.length);
      packet.write(bytes, 0, bytes.length);
      packet.write('\r');
      packet.write('\n');
    }
    out.write(packet.toByteArray());
    out.flush();
    left = MOST_BYTES;
    return answer(0);
  }

  private static void write(ByteArrayOutputStream packet, String line) {
    byte[] bytes = line.getBytes(StandardCharsets.US_ASCII);
    packet.write(bytes, 0, bytes.length);
    packet.write('\r');
    packet.write('\n');
  }

  private Object answer(int depth) throws IOException, RedisException {
    String line = line();
    if (line.isEmpty()) {
      throw new IOException("an answer that is not Redis's");
    }
    String rest = line.substring(1);
    return switch (line.charAt(0)) {
      case '+' -> rest;
      case ':' -> number(rest, Long.MIN_VALUE, Long.MAX_VALUE);
      case '-' -> throw new RedisException(rest);
      case '$' -> bulk((int) number(rest, -1, MOST_BYTES));
      case '*' -> {
        int count = (int) number(rest, -1, MOST_ELEMENTS);
        if (depth > 0) {
          throw new IOException("an answer that is nested");
        }
        List<Object> elements = count < 0 ? null : new ArrayList<>();
        for (int i = 0; i < count; i++) {
          elements.add(answer(depth + 1));
        }
        yield elements;
      }
      default -> throw new IOException("an answer that is not Redis's");
    };
  }

  private static long number(String text, long least, long most) throws IOException {
    try {
      long number = Long.parseLong(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // As one out of range.
    }
    throw new IOException("an answer with a number that cannot be");
  }

  private String bulk(int length) throws IOException {
    if (length < 0) {
      return null;
    }
    spend(length);
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException("Redis closed the connection");
    }
    if (in.read() != '\r' || in.read() != '\n') {
      throw new IOException("an answer that is not Redis's");
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("Redis closed the connection");
      }
      spend(1);
      if (next == '\n') {
        int length = line.length();
        boolean ended = length > 0 && line.charAt(length - 1) == '\r';
        return ended ? line.substring(0, length - 1) : line.toString();
      }
      line.append((char) next);
    }
  }

  private void spend(int bytes) throws IOException {
    left -= bytes;
    if (left < 0) {
      throw new IOException("an answer that is too long");
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
