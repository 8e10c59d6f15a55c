package org.portbouncer.negotiator.negotiate;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.IpAddress;

/**
 * Reads the line of version 1 of the PROXY protocol; a part of {@link ProxyHeader}. A line whose
 * destination is of the other family gives its source: nginx writes such, where it has the client's
 * address from a header and the destination is its own.
 */
final class ProxyLine {

  private static final int BEGIN = "PROXY ".length();
  private static final int TCP = "TCP4 ".length();
  private static final byte[] UNKNOWN = {'U', 'N', 'K', 'N', 'O', 'W', 'N'};
  private static final int NONE = -1;

  private final ProxyHeader header;
  private final byte[] line = new byte[ProxyHeader.FIRST];

  // Of the address that was parsed last.
  private boolean four;
  private long high;
  private long low;

  ProxyLine(ProxyHeader header) {
    this.header = header;
  }

  ProxyHeader.Outcome read(MemorySegment bytes, int available) {
    int size = Math.min(available, line.length);
    MemorySegment.copy(bytes, JAVA_BYTE, 0, line, 0, size);
    int end = BEGIN;
    while (end < size && line[end] != '\n' && line[end] != '\r') {
      end++;
    }
    if (end >= size - 1) {
      if (size == line.length) {
        return header.malformed("its line does not end within " + line.length + " bytes");
      }
      return end == size || line[end] == '\r'
          ? ProxyHeader.Outcome.MORE
          : header.malformed("its line does not end in CR LF");
    }
    if (line[end] != '\r' || line[end + 1] != '\n') {
      return header.malformed("its line does not end in CR LF");
    }
    return known(end) ? header.line(end + 2) : header.malformed("its line says no addresses");
  }

  /** Whether what stands before {@code end} is a line of the protocol. */
  private boolean known(int end) {
    if (isUnknown(end)) {
      return true;
    }
    int at = BEGIN + TCP;
    if (end < at
        || line[BEGIN] != 'T'
        || line[BEGIN + 1] != 'C'
        || line[BEGIN + 2] != 'P'
        || line[BEGIN + 3] != '4' && line[BEGIN + 3] != '6'
        || line[BEGIN + 4] != ' ') {
      return false;
    }
    boolean ofFour = line[BEGIN + 3] == '4';
    int toDestination = space(at, end);
    int toPort = space(toDestination, end);
    int toLast = space(toPort, end);
    if (toLast == NONE || space(toLast, end) != NONE) {
      return false;
    }
    int sourcePort = port(toPort, toLast - 1);
    int destinationPort = port(toLast, end);
    if (sourcePort == NONE
        || destinationPort == NONE
        || !address(at, toDestination - 1)
        || four != ofFour) {
      return false;
    }
    header.source(four, high, low, sourcePort);
    if (!address(toDestination, toPort - 1)) {
      return false;
    }
    if (four == ofFour) {
      header.destination(four, high, low, destinationPort);
    }
    return true;
  }

  private boolean isUnknown(int end) {
    int after = BEGIN + UNKNOWN.length;
    if (end < after || end > after && line[after] != ' ') {
      return false;
    }
    for (int i = 0; i < UNKNOWN.length; i++) {
      if (line[BEGIN + i] != UNKNOWN[i]) {
        return false;
      }
    }
    return true;
  }

  /** Where what follows the next space begins. */
  private int space(int from, int end) {
    if (from == NONE) {
      return NONE;
    }
    for (int i = from; i < end; i++) {
      if (line[i] == ' ') {
        return i + 1;
      }
    }
    return NONE;
  }

  private int port(int from, int to) {
    if (to <= from || to - from > 5 || line[from] == '0' && to - from > 1) {
      return NONE;
    }
    int port = 0;
    for (int i = from; i < to; i++) {
      if (line[i] < '0' || line[i] > '9') {
        return NONE;
      }
      port = 10 * port + line[i] - '0';
    }
    return port > 65_535 ? NONE : port;
  }

  private boolean address(int from, int to) {
    IpAddress address = to <= from ? null : IpAddress.parse(line, from, to);
    if (address == null) {
      return false;
    }
    four = true;
    for (int i = from; i < to; i++) {
      four &= line[i] != ':';
    }
    high = address.hi();
    low = address.lo();
    return true;
  }
}
