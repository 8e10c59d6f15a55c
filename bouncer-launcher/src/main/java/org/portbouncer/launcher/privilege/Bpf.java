package org.portbouncer.launcher.privilege;

import java.util.ArrayList;
import java.util.List;

/**
 * Pieces of a filter program in the language that seccomp(2) takes: classic BPF, as linux/filter.h
 * has it. Each piece ends with an answer on every way through it, so that pieces are put together
 * as they are. In the mother.
 *
 * <pre>
 *   what a program reads:  0 number u32 | 4 machine u32 | 8 instruction u64 | 16 six arguments u64
 * </pre>
 */
final class Bpf {

  /** One instruction: code u16, jump if true u8, jump if false u8, constant u32. */
  record Instruction(int code, int jumpTrue, int jumpFalse, int constant) {

    // A record's own links method handles, at each start of a server.

    @Override
    public boolean equals(Object other) {
      return other instanceof Instruction that
          && code == that.code
          && jumpTrue == that.jumpTrue
          && jumpFalse == that.jumpFalse
          && constant == that.constant;
    }

    @Override
    public int hashCode() {
      return 31 * code + constant;
    }
  }

  static final int LOAD = 0x20;
  static final int JUMP = 0x05;
  static final int IF_EQUAL = 0x15;
  static final int IF_AT_LEAST = 0x35;
  static final int IF_ANY_BIT = 0x45;
  static final int AND = 0x54;
  static final int ANSWER = 0x06;

  static final int NUMBER = 0;
  static final int MACHINE = 4;
  private static final int ARGUMENTS = 16;

  /** What a conditional jump can skip. */
  private static final int FAR = 255;

  private Bpf() {}

  /** The end: what becomes of the call. */
  static List<Instruction> answer(int value) {
    return List.of(new Instruction(ANSWER, 0, 0, value));
  }

  /** Reads the number of the call. */
  static Instruction loadNumber() {
    return new Instruction(LOAD, 0, 0, NUMBER);
  }

  /** Reads the lower half of an argument, all there is of an {@code int}. */
  static Instruction loadArgument(int index) {
    return new Instruction(LOAD, 0, 0, ARGUMENTS + 8 * index);
  }

  /** Reads the upper half of an argument. */
  static Instruction loadUpper(int index) {
    return new Instruction(LOAD, 0, 0, ARGUMENTS + 8 * index + 4);
  }

  /** Branches on what was read last; {@code condition} is one of the {@code IF_} codes. */
  static List<Instruction> branch(
      int condition, int constant, List<Instruction> yes, List<Instruction> no) {
    List<Instruction> all = new ArrayList<>();
    if (no.size() <= FAR) {
      all.add(new Instruction(condition, no.size(), 0, constant));
    } else {
      all.add(new Instruction(condition, 0, 1, constant));
      all.add(new Instruction(JUMP, 0, 0, no.size()));
    }
    all.addAll(no);
    all.addAll(yes);
    return all;
  }

  /** One instruction, and a piece that follows it. */
  static List<Instruction> then(Instruction first, List<Instruction> rest) {
    List<Instruction> all = new ArrayList<>();
    all.add(first);
    all.addAll(rest);
    return all;
  }

  /** Whether what was read last is one of {@code constants}. */
  static List<Instruction> oneOf(int[] constants, List<Instruction> yes, List<Instruction> no) {
    List<Instruction> rest = no;
    for (int constant : constants) {
      rest = branch(IF_EQUAL, constant, yes, rest);
    }
    return rest;
  }
}
