package org.portbouncer.launcher.privilege;

import static org.portbouncer.launcher.privilege.Bpf.answer;
import static org.portbouncer.launcher.privilege.Bpf.branch;
import static org.portbouncer.launcher.privilege.Bpf.then;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.portbouncer.core.session.StageId;
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
 * the program for them; only those in {@link CallArguments} are looked at each time. None of them
 * is made for each piece that is forwarded; setting a session up takes some.
 */
final class CallFilter {

  static final int ALLOW = 0x7fff0000;
  static final int KILL = 0x80000000;
  static final int ERRNO = 0x00050000;

  static final int MISSING = ERRNO | Errno.ENOSYS;
  static final int DENY = ERRNO | Errno.EPERM;

  static final List<Instruction> YES = answer(ALLOW);
  static final List<Instruction> NO = answer(DENY);

  /** As Landlock answers. */
  private static final List<Instruction> NO_FILE = answer(ERRNO | Errno.EACCES);

  /** Stands in the program for the worker's own process id; above all that there are. */
  static final int OWN = 0x7fff_fff1;

  private final Machine machine;
  private final StageCalls stage;
  private final boolean mptcp;
  private final boolean files;

  /** For the cluster's process: as for connect, less what it has no use for; for others NO. */
  private final Cluster cluster;

  private final List<Instruction> program;

  /**
   * @param machine where the worker runs
   * @param stage what it does
   * @param mptcp whether it may make sockets of Multipath TCP, where it makes any
   * @param files whether it may open any
   */
  CallFilter(Machine machine, StageId stage, boolean mptcp, boolean files) {
    this(machine, StageCalls.of(stage), mptcp, files, Cluster.NO);
  }

  /** Whether it is for the cluster's process, and whether that resolves names. */
  enum Cluster {
    NO,
    ADDRESSES,
    NAMES
  }

  private CallFilter(
      Machine machine, StageCalls stage, boolean mptcp, boolean files, Cluster cluster) {
    this.mptcp = mptcp;
    this.machine = machine;
    this.stage = stage;
    this.files = files;
    this.cluster = cluster;
    this.program = assemble();
  }

  /**
   * That of the cluster's process, none of whose sockets anybody else works with.
   *
   * @param names whether it has names to resolve
   */
  static CallFilter ofCluster(Machine machine, boolean names) {
    Cluster cluster = names ? Cluster.NAMES : Cluster.ADDRESSES;
    return new CallFilter(machine, StageCalls.CONNECTING, false, true, cluster);
  }

  /**
   * The program as the kernel reads it: 8 bytes an instruction.
   *
   * @param pid the worker's process, the only one it may signal
   */
  byte[] bytes(int pid) {
    return bytes(program, pid);
  }

  /** Any program as the kernel reads it. */
  static byte[] bytes(List<Instruction> program, int pid) {
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
    if (cluster != Cluster.NO) {
      List<Instruction> own = CallArguments.ofCluster(call, cluster == Cluster.NAMES);
      if (own != null) {
        return own;
      }
    }
    return ofStage(call);
  }

  private List<Instruction> ofStage(Call call) {
    return switch (call) {
      case OPEN, OPENAT -> files ? CallArguments.of(call, stage, mptcp) : NO_FILE;
      case CLONE,
          PRCTL,
          PRLIMIT64,
          IOCTL,
          FCNTL,
          TGKILL,
          KILL,
          SENDTO,
          SENDMSG,
          SETSOCKOPT,
          MMAP,
          MPROTECT,
          MUNMAP,
          MREMAP,
          SOCKET,
          SOCKETPAIR ->
          CallArguments.of(call, stage, mptcp);
      // Its flags lie in memory, where no filter sees them: the C library takes clone instead.
      case CLONE3 -> answer(MISSING);
      case CONNECT, BIND, SENDMMSG -> stage.connects() ? YES : NO;
      case RECVMMSG -> stage.receivesBatches() ? YES : NO;
      case SHUTDOWN -> stage.endsStreams() ? YES : NO;
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
}
