package org.portbouncer.launcher.privilege;

import static org.portbouncer.launcher.privilege.Bpf.branch;
import static org.portbouncer.launcher.privilege.Bpf.loadArgument;
import static org.portbouncer.launcher.privilege.Bpf.loadUpper;
import static org.portbouncer.launcher.privilege.Bpf.oneOf;
import static org.portbouncer.launcher.privilege.Bpf.then;
import static org.portbouncer.launcher.privilege.CallFilter.NO;
import static org.portbouncer.launcher.privilege.CallFilter.OWN;
import static org.portbouncer.launcher.privilege.CallFilter.YES;

import java.util.Arrays;
import java.util.List;
import org.portbouncer.core.hop.SealedHeaders;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.launcher.privilege.Bpf.Instruction;

/**
 * What a {@link CallFilter} makes of calls that are allowed with some arguments only: numbers, that
 * is; what an argument points to lies in memory, which no filter reads. In the mother.
 */
final class CallArguments {

  private static final int WRITING =
      Const.O_WRONLY | Const.O_RDWR | 0x40 /* O_CREAT */ | 0x200 /* O_TRUNC */;
  private static final int SOCKET_TYPE = 0xf;
  private static final int AF_NETLINK = 16;

  /** By default, TCP, UDP. */
  private static final int[] PROTOCOLS = {0, Const.IPPROTO_TCP, 17};

  private static final int[] PROTOCOLS_AND_MPTCP = {0, Const.IPPROTO_TCP, 17, Const.IPPROTO_MPTCP};

  private static final int CLONE_THREAD = 0x10000;

  /** CLONE_NEW… of each kind of namespace, CLONE_PTRACE. */
  private static final int CLONE_APART = 0x7e02_2080;

  /** PR_SET_NAME, PR_GET_NAME, PR_SET_VMA: names of threads and of memory. */
  private static final int[] PRCTLS = {15, 16, 0x53564d41};

  /** FIONREAD, SIOCOUTQ, TCGETS. */
  private static final int[] IOCTLS = {0x541b, Const.SIOCOUTQ, 0x5401};

  /**
   * Copies of descriptors, what they are, the size of a pipe. F_SETFL is not among them: it takes
   * O_APPEND from a log, and O_NONBLOCK from a socket that another process works with. Nor is what
   * has the kernel signal (F_SETOWN, F_SETSIG), lock or seal.
   */
  private static final int[] FCNTLS = {
    0, Const.F_GETFD, Const.F_SETFD, Const.F_GETFL, Const.F_DUPFD_CLOEXEC, Const.F_SETPIPE_SZ
  };

  private static final int F_SETFL = 4;
  private static final int MREMAP_FIXED = 2;

  private CallArguments() {}

  /** The treatment of a call whose arguments count, for a worker of a stage with these. */
  static List<Instruction> of(Call call, StageCalls stage, boolean mptcp) {
    boolean targets = stage.connects();
    return switch (call) {
      case OPEN -> then(loadArgument(1), branch(Bpf.IF_ANY_BIT, WRITING, NO, YES));
      case OPENAT -> then(loadArgument(2), branch(Bpf.IF_ANY_BIT, WRITING, NO, YES));
      // Threads, and no processes.
      case CLONE ->
          then(
              loadArgument(0),
              branch(
                  Bpf.IF_ANY_BIT, CLONE_THREAD, branch(Bpf.IF_ANY_BIT, CLONE_APART, NO, YES), NO));
      case PRCTL ->
          then(loadArgument(0), oneOf(PRCTLS, YES, Bpf.answer(CallFilter.ERRNO | Errno.EINVAL)));
      case IOCTL -> then(loadArgument(1), oneOf(IOCTLS, YES, NO));
      case FCNTL -> then(loadArgument(1), oneOf(FCNTLS, YES, NO));
      // To ask for its own limits, not to set any: getrlimit(3) is made of it.
      case PRLIMIT64 -> then(loadArgument(0), oneOf(new int[] {0, OWN}, isNull(2), NO));
      case TGKILL -> then(loadArgument(0), branch(Bpf.IF_EQUAL, OWN, YES, NO));
      // Signal 0: whether a process is there.
      case KILL -> then(loadArgument(1), branch(Bpf.IF_EQUAL, 0, YES, NO));
      // Who connects may send to whomever, too; of the others each message goes to its peer.
      case SENDTO -> targets ? YES : isNull(4);
      case SENDMSG -> targets ? YES : sealedHeader();
      case SETSOCKOPT -> stage.socketOptions();
      case MMAP, MPROTECT, MUNMAP -> targets ? YES : sparingSealed();
      case MREMAP -> targets ? YES : elsewhere(0, length(1, length(2, movesElsewhere())));
      case SOCKET -> targets ? socket(mptcp ? PROTOCOLS_AND_MPTCP : PROTOCOLS) : NO;
      // Over pairs of packets a mother talks, and nobody shall pass for the next one; datagrams of
      // a pair could be sent to any other socket of this machine.
      case SOCKETPAIR -> targets ? typed(new int[] {Const.SOCK_STREAM}, YES) : NO;
      default -> throw new IllegalArgumentException(call.text());
    };
  }

  /**
   * The treatment of a call by the cluster's process, whose sockets are its own: streams of TCP to
   * Redis, and what names take, where it has any to resolve.
   *
   * @return null where it is as for a worker that connects
   */
  static List<Instruction> ofCluster(Call call, boolean names) {
    return switch (call) {
      case FCNTL -> settingFlags();
      case SHUTDOWN -> YES;
      case BIND -> NO;
      case SENDTO -> names ? YES : isNull(4);
      case SENDMMSG -> names ? YES : NO;
      case SOCKET -> names ? nameOrStream() : stream();
      default -> null;
    };
  }

  private static List<Instruction> typed(int[] types, List<Instruction> yes) {
    return then(
        loadArgument(1), then(new Instruction(Bpf.AND, 0, 0, SOCKET_TYPE), oneOf(types, yes, NO)));
  }

  private static final int[] INTERNET = {Const.AF_INET, Const.AF_INET6};

  private static List<Instruction> stream() {
    List<Instruction> tcp = then(loadArgument(2), oneOf(new int[] {0, Const.IPPROTO_TCP}, YES, NO));
    return then(loadArgument(0), oneOf(INTERNET, typed(new int[] {Const.SOCK_STREAM}, tcp), NO));
  }

  private static List<Instruction> nameOrStream() {
    List<Instruction> usual = then(loadArgument(2), oneOf(PROTOCOLS, YES, NO));
    List<Instruction> addresses = then(loadArgument(2), branch(Bpf.IF_EQUAL, 0, YES, NO));
    return then(
        loadArgument(0),
        oneOf(
            INTERNET,
            typed(new int[] {Const.SOCK_STREAM, Const.SOCK_DGRAM}, usual),
            branch(Bpf.IF_EQUAL, AF_NETLINK, addresses, NO)));
  }

  /** What may be done with descriptors by a process that sets its own sockets not to wait. */
  private static List<Instruction> settingFlags() {
    int[] all = Arrays.copyOf(FCNTLS, FCNTLS.length + 1);
    all[FCNTLS.length] = F_SETFL;
    return then(loadArgument(1), oneOf(all, YES, NO));
  }

  private static List<Instruction> isNull(int index) {
    return then(
        loadArgument(index),
        branch(Bpf.IF_EQUAL, 0, then(loadUpper(index), branch(Bpf.IF_EQUAL, 0, YES, NO)), NO));
  }

  // The memory of SealedHeaders, which is read and never changed.

  private static final int SEALED = (int) (SealedHeaders.ADDRESS >>> 32);

  private static List<Instruction> sealedHeader() {
    int outside = ~(SealedHeaders.BYTES - 1) | SealedHeaders.HEADER - 1;
    return then(
        loadUpper(1),
        branch(
            Bpf.IF_EQUAL,
            SEALED,
            then(loadArgument(1), branch(Bpf.IF_ANY_BIT, outside, NO, YES)),
            NO));
  }

  /** Memory that is mapped, or no longer, is not that of the headers: for mmap and its like. */
  static List<Instruction> sparingSealed() {
    return elsewhere(0, length(1, YES));
  }

  /** Not in the 4 GiB where they lie, nor in those before. */
  private static List<Instruction> elsewhere(int index, List<Instruction> then) {
    return then(loadUpper(index), oneOf(new int[] {SEALED, SEALED - 1}, NO, then));
  }

  /** Below 4 GiB, so that what begins elsewhere ends before them. */
  private static List<Instruction> length(int index, List<Instruction> then) {
    return then(loadUpper(index), branch(Bpf.IF_EQUAL, 0, then, NO));
  }

  private static List<Instruction> movesElsewhere() {
    return then(loadArgument(3), branch(Bpf.IF_ANY_BIT, MREMAP_FIXED, elsewhere(4, YES), YES));
  }

  // Sockets.

  /**
   * What it takes to reach targets and name servers: of streams and datagrams the usual protocols,
   * by number or by default.
   */
  private static List<Instruction> socket(int[] protocols) {
    List<Instruction> usual = then(loadArgument(2), oneOf(protocols, YES, NO));
    List<Instruction> streamOrDatagram =
        typed(new int[] {Const.SOCK_STREAM, Const.SOCK_DGRAM}, usual);
    // The resolver asks by netlink's protocol 0 which addresses this machine has.
    List<Instruction> addresses = then(loadArgument(2), branch(Bpf.IF_EQUAL, 0, YES, NO));
    int[] families = {Const.AF_UNIX, Const.AF_INET, Const.AF_INET6};
    return then(
        loadArgument(0),
        oneOf(families, streamOrDatagram, branch(Bpf.IF_EQUAL, AF_NETLINK, addresses, NO)));
  }
}
