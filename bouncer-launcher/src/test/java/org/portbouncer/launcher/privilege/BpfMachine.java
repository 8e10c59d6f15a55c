package org.portbouncer.launcher.privilege;

import java.util.List;
import org.portbouncer.launcher.privilege.Bpf.Instruction;

/** Does what the kernel does with a filter program, for one call at a time. */
final class BpfMachine {

  /** The kernel's limit for one program. */
  private static final int MOST = 4096;

  private final List<Instruction> program;

  BpfMachine(List<Instruction> program) {
    if (program.size() > MOST) {
      throw new IllegalArgumentException("the kernel takes no program of " + program.size());
    }
    this.program = program;
  }

  /** What becomes of a call; the kernel would refuse a program that runs over its end. */
  int answer(int audit, int number, long... arguments) {
    int value = 0;
    for (int at = 0; ; at++) {
      Instruction one = program.get(at);
      switch (one.code()) {
        case Bpf.LOAD -> value = load(one.constant(), audit, number, arguments);
        case Bpf.AND -> value &= one.constant();
        case Bpf.JUMP -> at += one.constant();
        case Bpf.IF_EQUAL -> at += skip(one, value == one.constant());
        case Bpf.IF_AT_LEAST ->
            at += skip(one, Integer.compareUnsigned(value, one.constant()) >= 0);
        case Bpf.IF_ANY_BIT -> at += skip(one, (value & one.constant()) != 0);
        case Bpf.ANSWER -> {
          return one.constant();
        }
        default -> throw new IllegalStateException("no such instruction: " + one);
      }
    }
  }

  private static int skip(Instruction one, boolean yes) {
    int skip = yes ? one.jumpTrue() : one.jumpFalse();
    if (skip < 0 || skip > 255) {
      throw new IllegalStateException("a jump too far: " + one);
    }
    return skip;
  }

  private static int load(int offset, int audit, int number, long[] arguments) {
    if (offset == Bpf.NUMBER) {
      return number;
    }
    if (offset == Bpf.MACHINE) {
      return audit;
    }
    int index = (offset - 16) / 8;
    long argument = index < arguments.length ? arguments[index] : 0;
    return (int) (offset % 8 == 4 ? argument >>> 32 : argument);
  }
}
