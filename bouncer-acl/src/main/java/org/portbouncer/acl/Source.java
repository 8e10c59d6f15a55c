package org.portbouncer.acl;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.Configuration.SourcePrefix;
import org.portbouncer.core.config.IpAddress;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.SockAddr;

/**
 * What counts as one source: a client's address without the bits beyond `source-prefix`. All
 * clients of Unix sockets are one source. Both stages of this module count by it. Mutable, so that
 * a session costs no object; one thread.
 */
public final class Source {

  private long high;
  private long low;
  private int prefix;

  /** Reads it from where the address stands. */
  public void of(MemorySegment m, long client, SourcePrefix prefixes) {
    switch (SockAddr.family(m, client)) {
      case Const.AF_INET -> cut(0, IpAddress.mapped(SockAddr.v4(m, client)), prefixes);
      case Const.AF_INET6 -> cut(SockAddr.v6High(m, client), SockAddr.v6Low(m, client), prefixes);
      default -> {
        high = -1;
        low = -1;
      }
    }
  }

  private void cut(long addressHigh, long addressLow, SourcePrefix prefixes) {
    boolean v4 = IpAddress.isMapped(addressHigh, addressLow);
    prefix = v4 ? prefixes.v4() : prefixes.v6();
    int bits = v4 ? 96 + prefix : prefix;
    high = bits >= 64 ? addressHigh : bits == 0 ? 0 : addressHigh & -1L << 64 - bits;
    low = bits <= 64 ? 0 : addressLow & -1L << 128 - bits;
  }

  public long high() {
    return high;
  }

  public long low() {
    return low;
  }

  /** The source of an address, as people read it: "192.0.2.0/24". */
  public static String text(IpAddress address, SourcePrefix prefixes) {
    Source source = new Source();
    source.cut(address.hi(), address.lo(), prefixes);
    return new IpAddress(source.high, source.low) + "/" + source.prefix;
  }
}
