package org.portbouncer.launcher.privilege;

import static org.portbouncer.launcher.privilege.Bpf.answer;
import static org.portbouncer.launcher.privilege.Bpf.branch;
import static org.portbouncer.launcher.privilege.Bpf.then;

import java.util.List;
import org.portbouncer.core.sys.KeeperProcess;
import org.portbouncer.launcher.privilege.Bpf.Instruction;

/**
 * Which system calls the keeper of an io worker may make: what it takes to wait and to end, and
 * what the thread that starts it needs for that and for its own end. Made in the mother.
 *
 * <p>Whoever has taken over the worker can write to the keeper's memory, and make it run what he
 * likes: it may do nothing that the worker may not, but start one like itself.
 */
final class KeeperFilter {

  /** To wait, to end; to use memory; for a thread to end. */
  private static final Call[] CALLS = {
    Call.READ,
    Call.EXIT,
    Call.EXIT_GROUP,
    Call.FUTEX,
    Call.SCHED_YIELD,
    Call.MMAP,
    Call.MPROTECT,
    Call.MUNMAP,
    Call.MADVISE,
    Call.BRK,
    Call.RT_SIGPROCMASK,
    Call.RT_SIGRETURN,
    Call.GETTID,
    Call.GETPID,
    Call.RSEQ,
    Call.SET_ROBUST_LIST,
    Call.CLOCK_GETTIME,
  };

  private KeeperFilter() {}

  /** It has the worker's memory, of which some must stay as it is: CallArguments. */
  private static List<Instruction> treatment(Call call) {
    return switch (call) {
      case MMAP, MPROTECT, MUNMAP -> CallArguments.sparingSealed();
      default -> CallFilter.YES;
    };
  }

  static List<Instruction> program(Machine machine) {
    List<Instruction> rest = answer(CallFilter.MISSING);
    for (Call call : CALLS) {
      if (call.number(machine) != Call.NONE) {
        rest = branch(Bpf.IF_EQUAL, call.number(machine), treatment(call), rest);
      }
    }
    List<Instruction> clone =
        then(
            Bpf.loadArgument(0),
            branch(Bpf.IF_EQUAL, KeeperProcess.FLAGS, CallFilter.YES, CallFilter.NO));
    rest = branch(Bpf.IF_EQUAL, Call.CLONE.number(machine), clone, rest);
    return then(
        new Instruction(Bpf.LOAD, 0, 0, Bpf.MACHINE),
        branch(
            Bpf.IF_EQUAL, machine.audit(), then(Bpf.loadNumber(), rest), answer(CallFilter.KILL)));
  }
}
