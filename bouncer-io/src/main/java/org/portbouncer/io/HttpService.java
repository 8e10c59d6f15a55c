package org.portbouncer.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.worker.Worker;

/**
 * `internal:http`: answers one request with a page on the very session it came through, then ends.
 * Just enough of HTTP/1.1 for a browser, curl, or a health check. In the io worker, on its loop's
 * thread.
 */
final class HttpService implements InternalServices.Service {

  private static final int MAX_REQUEST = 8192;

  private final Worker worker;
  private final Session session;
  private final TransferBuffers buffers;
  private final Side side;
  private final StringBuilder request = new StringBuilder();
  private byte[] answer;
  private int sent;

  HttpService(Worker worker, Session session, TransferBuffers buffers) {
    this.worker = worker;
    this.session = session;
    this.buffers = buffers;
    side = new Side(worker.loop(), this);
  }

  @Override
  public int open(int fd) {
    return side.open(fd);
  }

  @Override
  public void close() {
    side.close();
  }

  @Override
  public void sideReady(Side ignored) {
    MemorySegment buffer = buffers.shared();
    while (side.readable()) {
      long read = Libc.read(side.fd(), buffer.address(), TransferBuffers.BYTES);
      if (read > 0) {
        received(buffer, (int) read);
      } else if (read == 0) {
        side.readNothing();
        ended();
      } else if (read != -Errno.EINTR) {
        side.readNothing();
      }
    }
    send();
  }

  private void received(MemorySegment buffer, int length) {
    if (answer != null) {
      // A body, or a second request after `Connection: close`: read, so that our end is no reset.
      return;
    }
    byte[] bytes = new byte[Math.min(length, MAX_REQUEST + 1 - request.length())];
    MemorySegment.copy(buffer, JAVA_BYTE, 0, bytes, 0, bytes.length);
    request.append(new String(bytes, StandardCharsets.ISO_8859_1));
    if (request.length() > MAX_REQUEST) {
      answer =
          message(
              "431 Request Header Fields Too Large", "too long a request\n", "text/plain", false);
    } else if (request.indexOf("\r\n\r\n") >= 0 || request.indexOf("\n\n") >= 0) {
      answer = answerTo(request.toString());
    }
  }

  private void ended() {
    if (answer == null) {
      answer =
          request.isEmpty()
              ? new byte[0]
              : message("400 Bad Request", "half a request\n", "text/plain", false);
    }
  }

  private byte[] answerTo(String text) {
    String line = text.substring(0, Math.max(0, text.indexOf('\n'))).strip();
    String[] words = line.split(" ", -1);
    if (words.length != 3 || !words[2].startsWith("HTTP/1.")) {
      return message("400 Bad Request", "not an HTTP request\n", "text/plain", false);
    }
    boolean head = words[0].equals("HEAD");
    if (!head && !words[0].equals("GET")) {
      return message("405 Method Not Allowed", "GET and HEAD only\n", "text/plain", false);
    }
    return message(
        "200 OK",
        SessionPage.html(worker.table(), session.state().record(), worker.configuration(session)),
        "text/html; charset=utf-8",
        head);
  }

  private static byte[] message(String status, String body, String type, boolean head) {
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    String header =
        "HTTP/1.1 "
            + status
            + "\r\nContent-Type: "
            + type
            + "\r\nContent-Length: "
            + content.length
            + "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";
    return (header + (head ? "" : body)).getBytes(StandardCharsets.UTF_8);
  }

  private void send() {
    if (answer == null || sent > answer.length) {
      return;
    }
    MemorySegment buffer = buffers.shared();
    while (sent < answer.length) {
      if (!side.writable()) {
        return;
      }
      int length = answer.length - sent;
      MemorySegment.copy(answer, sent, buffer, JAVA_BYTE, 0, length);
      long written = Libc.write(side.fd(), buffer.address(), length);
      if (written == -Errno.EAGAIN) {
        side.full();
      } else if (written >= 0) {
        sent += (int) written;
      } else if (written != -Errno.EINTR) {
        break;
      }
    }
    sent = answer.length + 1;
    side.shutdownWrite();
  }
}
