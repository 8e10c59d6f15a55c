package org.portbouncer.launcher.privilege;

import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.worker.SocketSetup;

/**
 * The right that connect workers need for sockets as a configuration wants them, found out by
 * making such sockets: without any capability, then with one after the other. So what the kernel
 * refuses is known before the first session, and no worker has a right that nothing needs.
 *
 * <p>Workers keep what they were started with. A reload that needs more is refused. In the mother,
 * on her loop's thread.
 */
public final class SocketRights {

  /** No capability. */
  public static final int NONE = -1;

  /** The lesser first: it can neither change addresses, routes nor the firewall. */
  private static final int[] CANDIDATES = {NONE, Const.CAP_NET_RAW, Const.CAP_NET_ADMIN};

  /**
   * A socket that will be made.
   *
   * @param who whose it is: {@code listeners.web}
   * @param family of the target
   */
  private record Wanted(String who, SocketSettings settings, int family) {}

  /** A socket that the kernel does not make so. */
  private record Refused(String text, int errno) {}

  private final int capability;
  private final boolean mptcp;

  private SocketRights(int capability, boolean mptcp) {
    this.capability = capability;
    this.mptcp = mptcp;
  }

  /** Which capabilities a configuration may need; {@link #of} finds out which it does. */
  public static int[] candidates(Configuration configuration) {
    return wanted(configuration).isEmpty()
        ? new int[0]
        : new int[] {Const.CAP_NET_RAW, Const.CAP_NET_ADMIN};
  }

  /** For a server whose sockets are as any program's. */
  public static SocketRights none() {
    return new SocketRights(NONE, false);
  }

  /** The capability that connect workers keep; {@link #NONE}. */
  public int capability() {
    return capability;
  }

  /** The capability's name; "" for none. */
  String text() {
    return switch (capability) {
      case Const.CAP_NET_RAW -> "CAP_NET_RAW";
      case Const.CAP_NET_ADMIN -> "CAP_NET_ADMIN";
      default -> "";
    };
  }

  /** Whether connect workers may make sockets of Multipath TCP. */
  public boolean mptcp() {
    return mptcp;
  }

  /**
   * Finds out which right a configuration needs; one without settings costs nothing.
   *
   * @throws SocketsRefusedException where the kernel refuses whatever right there is
   */
  public static SocketRights of(Configuration configuration) throws SocketsRefusedException {
    Set<Wanted> wanted = wanted(configuration);
    boolean mptcp = wanted.stream().anyMatch(one -> one.settings.isMptcp());
    List<Refused> refused = List.of();
    for (int capability : wanted.isEmpty() ? new int[] {NONE} : CANDIDATES) {
      refused = wanted.isEmpty() ? List.of() : attempt(wanted, capability);
      if (refused.isEmpty()) {
        return new SocketRights(capability, mptcp);
      }
      if (refused.stream().noneMatch(one -> isOfRights(one.errno))) {
        break;
      }
    }
    throw refusal(refused, " (it takes CAP_NET_ADMIN, or CAP_NET_RAW from Linux 5.17 on)");
  }

  /**
   * Whether what was found out at the start is enough for a newer configuration.
   *
   * @throws SocketsRefusedException where it is not
   */
  public void check(Configuration newer) throws SocketsRefusedException {
    Set<Wanted> wanted = wanted(newer);
    if (wanted.isEmpty()) {
      return;
    }
    for (Wanted one : wanted) {
      if (one.settings.isMptcp() && !mptcp) {
        throw new SocketsRefusedException(
            one.who
                + ": mptcp = true takes a restart: connect workers have given up the right to make"
                + " such sockets");
      }
    }
    List<Refused> refused = attempt(wanted, capability);
    if (!refused.isEmpty()) {
      throw refusal(
          refused, " (connect workers keep the rights that were needed at the start: restart)");
    }
  }

  private static boolean isOfRights(int errno) {
    return errno == Errno.EPERM || errno == Errno.EACCES;
  }

  private static SocketsRefusedException refusal(List<Refused> all, String ofRights) {
    Refused first = all.getFirst();
    String more = all.size() == 1 ? "" : ", and " + (all.size() - 1) + " more";
    return new SocketsRefusedException(
        first.text
            + ": "
            + Errno.text(first.errno)
            + (isOfRights(first.errno) ? ofRights : "")
            + more);
  }

  /** Makes each of the sockets once, on a thread that has that capability alone. */
  private static List<Refused> attempt(Set<Wanted> wanted, int capability)
      throws SocketsRefusedException {
    FutureTask<List<Refused>> task =
        new FutureTask<>(
            () -> {
              Capabilities.keepOnly(capability);
              List<Refused> refused = new ArrayList<>();
              SocketSetup setup = new SocketSetup();
              for (Wanted one : wanted) {
                make(one, setup, refused);
              }
              return refused;
            });
    try {
      Thread.ofPlatform().name("sockets").start(task);
      return task.get();
    } catch (ExecutionException e) {
      throw new SocketsRefusedException("cannot try the socket settings: " + e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SocketsRefusedException("interrupted");
    } catch (OutOfMemoryError e) {
      throw new SocketsRefusedException("no thread is to be had (RLIMIT_NPROC, pids.max)");
    }
  }

  private static void make(Wanted one, SocketSetup setup, List<Refused> refused) {
    setup.begin(one.settings);
    setup.client(one.family == Const.AF_INET ? CLIENT_V4 : CLIENT_V6, 0);
    int fd = setup.open(one.family, false);
    if (fd >= 0) {
      Libc.close(fd);
    } else if (fd != -Errno.EAFNOSUPPORT) {
      // A family that is not here, or not the source's, is left to the targets' other addresses.
      refused.add(new Refused(one.who + '.' + setup.refused(), -fd));
    }
  }

  /** Some client's, of the networks for documentation. */
  private static final MemorySegment CLIENT_V4 = address("192.0.2.1");

  private static final MemorySegment CLIENT_V6 = address("2001:db8::1");

  private static MemorySegment address(String text) {
    MemorySegment address = Native.allocate(SockAddr.ROOM);
    SockAddr.put(address, 0, InetAddress.ofLiteral(text), 0);
    return address;
  }

  private static Set<Wanted> wanted(Configuration configuration) {
    Set<Wanted> wanted = new LinkedHashSet<>();
    for (Listener listener : configuration.listeners()) {
      String who = "listeners." + listener.name();
      if (listener.via() >= 0) {
        // Who goes through proxies connects to the first.
        Endpoint proxy = configuration.chains().get(listener.via()).hops().getFirst().proxy();
        add(wanted, who, listener.sockets(), proxy);
      } else if (listener.group() < 0) {
        add(wanted, who, listener.sockets(), listener.target());
      } else {
        TargetGroup group = configuration.targets().get(listener.group());
        for (TargetGroup.Member member : group.members()) {
          boolean own = !member.sockets().isNone();
          add(
              wanted,
              own ? "targets." + group.name() + ", member " + member.name() : who,
              member.sockets().over(listener.sockets()),
              member.address());
        }
      }
    }
    return wanted;
  }

  private static void add(Set<Wanted> wanted, String who, SocketSettings settings, Endpoint to) {
    if (settings.isNone() || to.kind() != Endpoint.Kind.INET && to.kind() != Endpoint.Kind.NAME) {
      return;
    }
    boolean literal = to.kind() == Endpoint.Kind.INET;
    boolean six = to.host().indexOf(':') >= 0;
    if (!literal || !six) {
      wanted.add(new Wanted(who, settings, Const.AF_INET));
    }
    if (!literal || six) {
      wanted.add(new Wanted(who, settings, Const.AF_INET6));
    }
  }
}
