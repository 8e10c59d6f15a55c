package org.portbouncer.launcher.mother.doors;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.SockAddr;

/**
 * What stands in the way of an address for datagrams: somebody who takes everybody's, or sessions
 * of a server of ours that was here before, each of which takes one client's. In the mother, where
 * binding was refused.
 */
final class UdpSockets {

  /** What proc(5) says of a socket that is not connected. */
  private static final String UNCONNECTED = "07";

  private UdpSockets() {}

  /** Whether somebody takes all clients of an address, or of one that overlaps it. */
  static boolean isTaken(MemorySegment address) {
    boolean six = SockAddr.family(address, 0) == Const.AF_INET6;
    String own = hex(address, six) + ":" + "%04X".formatted(SockAddr.port(address, 0));
    return isIn("/proc/net/udp", own) || isIn("/proc/net/udp6", own);
  }

  /** The address as proc(5) has it: each four bytes as the machine's number. */
  private static String hex(MemorySegment address, boolean six) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < (six ? 4 : 1); i++) {
      int word = address.get(JAVA_INT_UNALIGNED, (six ? 8 : 4) + 4L * i);
      text.append("%08X".formatted(word));
    }
    return text.toString();
  }

  private static boolean isIn(String file, String own) {
    try (Stream<String> lines = Files.lines(Path.of(file))) {
      return lines.skip(1).anyMatch(line -> standsInTheWay(line.strip().split("\\s+"), own));
    } catch (IOException | UncheckedIOException e) {
      // Without a word about it, the address is whose it is.
      return Files.exists(Path.of(file));
    }
  }

  private static boolean standsInTheWay(String[] words, String own) {
    return words.length > 3
        && words[3].equals(UNCONNECTED)
        && port(words[1]).equals(port(own))
        && (words[1].equals(own) || isAny(words[1]) || isAny(own));
  }

  private static String port(String address) {
    return address.substring(address.indexOf(':') + 1);
  }

  private static boolean isAny(String address) {
    return address.substring(0, address.indexOf(':')).matches("0+");
  }
}
