package org.portbouncer.launcher.privilege;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.portbouncer.core.hop.SealedHeaders;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.KeeperProcess;

/** The filter's answers, by a machine that runs it as the kernel does. */
class KeeperFilterTest {

  @ParameterizedTest
  @EnumSource
  void shouldAllowNothingThatItsWorkerMayNotButToStartOneLikeItself(Machine machine) {
    BpfMachine keeper = new BpfMachine(KeeperFilter.program(machine));
    BpfMachine worker = new BpfMachine(new CallFilter(machine, StageId.IO, false, true).program());
    Set<Call> more = EnumSet.noneOf(Call.class);
    for (Call call : Call.values()) {
      int number = call.number(machine);
      if (number != Call.NONE
          && keeper.answer(machine.audit(), number, 0, 0, 0, 0, 0, 0) == CallFilter.ALLOW
          && worker.answer(machine.audit(), number, 0, 0, 0, 0, 0, 0) != CallFilter.ALLOW) {
        more.add(call);
      }
    }
    assertThat(more).isEmpty();
    for (Call call : new Call[] {Call.MMAP, Call.MPROTECT, Call.MUNMAP}) {
      assertThat(
              keeper.answer(
                  machine.audit(), call.number(machine), SealedHeaders.ADDRESS, 4096, 3, 0, 0, 0))
          .as("%s of what messages are sent with", call.text())
          .isEqualTo(CallFilter.DENY);
    }
    int clone = Call.CLONE.number(machine);
    assertThat(keeper.answer(machine.audit(), clone, KeeperProcess.FLAGS))
        .isEqualTo(CallFilter.ALLOW);
    assertThat(keeper.answer(machine.audit(), clone, 0x11)).isEqualTo(CallFilter.DENY);
    assertThat(worker.answer(machine.audit(), clone, KeeperProcess.FLAGS))
        .isEqualTo(CallFilter.DENY);
    for (Call call : new Call[] {Call.WRITE, Call.SENDMSG, Call.OPENAT, Call.EXECVE, Call.PTRACE}) {
      assertThat(keeper.answer(machine.audit(), call.number(machine)))
          .as(call.text())
          .isEqualTo(CallFilter.MISSING);
    }
    assertThat(keeper.answer(0, Call.READ.number(machine))).isEqualTo(CallFilter.KILL);
  }
}
