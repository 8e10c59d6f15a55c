package org.portbouncer.launcher.privilege;

import static org.portbouncer.launcher.privilege.Bpf.answer;
import static org.portbouncer.launcher.privilege.Bpf.branch;
import static org.portbouncer.launcher.privilege.Bpf.loadArgument;
import static org.portbouncer.launcher.privilege.Bpf.loadUpper;
import static org.portbouncer.launcher.privilege.Bpf.oneOf;
import static org.portbouncer.launcher.privilege.Bpf.then;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.launcher.privilege.Bpf.Instruction;

/**
 * Which system calls a worker may make, as a program for seccomp(2). Made in the mother; the worker
 * puts it on when it has started.
 *
 * <p>What is not allowed here does not exist for the worker (ENOSYS), so that a C library or a JDK
 * that tries a newer call falls back to the older. A call that no stage could ever mean ends the
 * process instead: it was not our program that made it, and the log shall say so.
 *
 * <p>The kernel remembers which numbers are allowed whatever their arguments are, and does not run
 * the program for them; only those in {@link #checked} are looked at each time. None of them is
 * made while sessions are forwarded.
 */
final class CallFilter {

  static final int ALLOW = 0x7fff0000;
  static final int KILL = 0x80000000;
  private static final int ERRNO = 0x00050000;

  static final int MISSING = ERRNO | Errno.ENOSYS;
  static final int DENY = ERRNO | Errno.EPERM;

  private static final int WRITING =
      Const.O_WRONLY | Const.O_RDWR | 0x40 /* O_CREAT */ | 0x200 /* O_TRUNC */;
  private static final int SOCKET_TYPE = 0xf;
  private static final int AF_NETLINK = 16;
  private static final int CLONE_THREAD = 0x10000;

  /** PR_SET_NAME, PR_GET_NAME, PR_SET_VMA: names of threads and of memory. */
  private static final int[] PRCTLS = {15, 16, 0x53564d41};

  /** FIONREAD, SIOCOUTQ, FIONBIO, TCGETS. */
  private static final int[] IOCTLS = {0x541b, Const.SIOCOUTQ, 0x5421, 0x5401};

  private static final List<Instruction> YES = answer(ALLOW);
  private static final List<Instruction> NO = answer(DENY);

  /** Stands in the program for the worker's own process id; above all that there are. */
  static final int OWN = 0x7fff_fff1;

  private final Machine machine;
  private final boolean targets;
  private final List<Instruction> program;

  /**
   * @param machine where the worker runs
   * @param targets whether it connects to targets
   */
  CallFilter(Machine machine, boolean targets) {
    this.machine = machine;
    this.targets = targets;
    this.program = assemble();
  }

  /**
   * The program as the kernel reads it: 8 bytes an instruction.
   *
   * @param pid the worker's process, the only one it may signal
   */
  byte[] bytes(int pid) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * program.size()).order(ByteOrder.LITTLE_ENDIAN);
    for (Instruction one : program) {
      bytes.putShort((short) one.code());
      bytes.put((byte) one.jumpTrue());
      bytes.put((byte) one.jumpFalse());
      bytes.putInt(one.constant() == OWN ? pid : one.constant());
    }
    return bytes.array();
  }

  List<Instruction> program() {
    return program;
  }

  private List<Instruction> assemble() {
    // By the numbering of another machine (32 bit) a call would be taken for what it is not; x32,
    // which has this machine's, begins above all numbers here.
    List<Instruction> numbered = then(Bpf.loadNumber(), search());
    return then(
        new Instruction(Bpf.LOAD, 0, 0, Bpf.MACHINE),
        branch(Bpf.IF_EQUAL, machine.audit(), numbered, answer(KILL)));
  }

  /** Halves the numbers until one range of the same treatment is left. */
  private List<Instruction> search() {
    TreeMap<Integer, List<Instruction>> known = new TreeMap<>();
    for (Call call : Call.values()) {
      int number = call.number(machine);
      if (number != Call.NONE) {
        known.put(number, treatment(call));
      }
    }
    List<Map.Entry<Integer, List<Instruction>>> ranges = new ArrayList<>();
    List<Instruction> missing = answer(MISSING);
    List<Instruction> last = null;
    int next = 0;
    for (Map.Entry<Integer, List<Instruction>> one : known.entrySet()) {
      if (one.getKey() > next && !missing.equals(last)) {
        ranges.add(Map.entry(next, missing));
        last = missing;
      }
      if (!one.getValue().equals(last)) {
        ranges.add(one);
        last = one.getValue();
      }
      next = one.getKey() + 1;
    }
    if (!missing.equals(last)) {
      ranges.add(Map.entry(next, missing));
    }
    return search(ranges);
  }

  private static List<Instruction> search(List<Map.Entry<Integer, List<Instruction>>> ranges) {
    if (ranges.size() == 1) {
      return ranges.getFirst().getValue();
    }
    int middle = ranges.size() / 2;
    return branch(
        Bpf.IF_AT_LEAST,
        ranges.get(middle).getKey(),
        search(ranges.subList(middle, ranges.size())),
        search(ranges.subList(0, middle)));
  }

  private List<Instruction> treatment(Call call) {
    return switch (call) {
      case OPEN, OPENAT, CLONE, CLONE3, PRCTL, PRLIMIT64, IOCTL, TGKILL, KILL -> checked(call);
      case SOCKET, CONNECT, BIND, SOCKETPAIR, SENDMMSG, RECVMMSG -> targets ? forTargets(call) : NO;
      case LISTEN, ACCEPT, ACCEPT4, FORK, VFORK -> NO;
      case EXECVE,
          EXECVEAT,
          PTRACE,
          PROCESS_VM_READV,
          PROCESS_VM_WRITEV,
          PIDFD_GETFD,
          KEXEC_LOAD,
          KEXEC_FILE_LOAD,
          INIT_MODULE,
          FINIT_MODULE,
          DELETE_MODULE,
          MOUNT,
          UMOUNT2,
          MOVE_MOUNT,
          OPEN_TREE,
          FSOPEN,
          PIVOT_ROOT,
          CHROOT,
          SETNS,
          UNSHARE,
          BPF,
          OPEN_BY_HANDLE_AT,
          SWAPON,
          SWAPOFF,
          REBOOT ->
          answer(KILL);
      default -> YES;
    };
  }

  /** Calls that are allowed with some arguments. */
  private List<Instruction> checked(Call call) {
    return switch (call) {
      case OPEN -> then(loadArgument(1), branch(Bpf.IF_ANY_BIT, WRITING, NO, YES));
      case OPENAT -> then(loadArgument(2), branch(Bpf.IF_ANY_BIT, WRITING, NO, YES));
      // Threads, and no processes.
      case CLONE -> then(loadArgument(0), branch(Bpf.IF_ANY_BIT, CLONE_THREAD, YES, NO));
      // Its flags lie in memory, where no filter sees them: the C library takes clone instead.
      case CLONE3 -> answer(MISSING);
      case PRCTL -> then(loadArgument(0), oneOf(PRCTLS, YES, answer(ERRNO | Errno.EINVAL)));
      case IOCTL -> then(loadArgument(1), oneOf(IOCTLS, YES, NO));
      // To ask for its own limits, not to set any: getrlimit(3) is made of it.
      case PRLIMIT64 ->
          then(
              loadArgument(0),
              oneOf(
                  new int[] {0, OWN},
                  then(
                      loadArgument(2),
                      branch(
                          Bpf.IF_EQUAL,
                          0,
                          then(loadUpper(2), branch(Bpf.IF_EQUAL, 0, YES, NO)),
                          NO)),
                  NO));
      case TGKILL -> then(loadArgument(0), branch(Bpf.IF_EQUAL, OWN, YES, NO));
      // Signal 0: whether a process is there.
      case KILL -> then(loadArgument(1), branch(Bpf.IF_EQUAL, 0, YES, NO));
      default -> throw new IllegalArgumentException(call.text());
    };
  }

  /** What it takes to reach targets and name servers. */
  private static List<Instruction> forTargets(Call call) {
    if (call != Call.SOCKET) {
      return YES;
    }
    List<Instruction> streamOrDatagram =
        then(
            loadArgument(1),
            then(
                new Instruction(Bpf.AND, 0, 0, SOCKET_TYPE),
                oneOf(new int[] {Const.SOCK_STREAM, Const.SOCK_DGRAM}, YES, NO)));
    // The resolver asks by netlink's protocol 0 which addresses this machine has.
    List<Instruction> addresses = then(loadArgument(2), branch(Bpf.IF_EQUAL, 0, YES, NO));
    int[] families = {Const.AF_UNIX, Const.AF_INET, Const.AF_INET6};
    return then(
        loadArgument(0),
        oneOf(families, streamOrDatagram, branch(Bpf.IF_EQUAL, AF_NETLINK, addresses, NO)));
  }
}
