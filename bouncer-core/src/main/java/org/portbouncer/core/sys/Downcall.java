package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * The one way from Java into the C library, behind {@link Libc}. Runs in every process.
 *
 * <p>Every function is called with six 64-bit arguments, whatever it takes: in the C ABIs of x86-64
 * and aarch64 the first six integers and pointers travel in registers of their own, a function
 * looks at the registers and halves of registers that it knows of, and a variadic one takes its
 * integers from the same. So one linkage serves all; each further shape would cost a process about
 * 10 ms of its start. A plain long for a pointer also spares an object and a liveness check per
 * call. Who passes an address keeps its memory alive.
 *
 * <p>The handle is not {@code critical}: a collection waits for a thread inside a critical call,
 * and most of these can block.
 */
final class Downcall {

  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup LOOKUP = LINKER.defaultLookup();

  private static final MethodHandle HANDLE =
      LINKER.downcallHandle(
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
          Linker.Option.captureCallState("errno"));

  /** Size and place of errno in the capture area. */
  private static final MemoryLayout CAPTURE = Linker.Option.captureStateLayout();

  private static final long ERRNO_OFFSET =
      CAPTURE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  /** One capture area per thread: two threads in calls at once must not see each other's errno. */
  private static final ThreadLocal<MemorySegment> AREA =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE));

  private Downcall() {}

  /**
   * Where a function lies.
   *
   * @throws UnsatisfiedLinkError where the C library has none of that name
   */
  static MemorySegment symbol(String name) {
    return LOOKUP
        .find(name)
        .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name));
  }

  /** Where a function lies that not every C library has; NULL where this one has none. */
  static MemorySegment symbolOrNull(String name) {
    return LOOKUP.find(name).orElse(MemorySegment.NULL);
  }

  // Workers never inline these two (WorkerCommand): what a call comes to is a lot of code, which
  // the compiler would otherwise make anew in each of fifty places.

  private static long invokeLong(
      MemorySegment function, long a, long b, long c, long d, long e, long f) {
    MemorySegment area = AREA.get();
    try {
      long result = (long) HANDLE.invokeExact(function, area, a, b, c, d, e, f);
      return result == -1 ? -area.get(JAVA_INT, ERRNO_OFFSET) : result;
    } catch (Throwable t) {
      throw new IllegalStateException("the C library cannot be called", t);
    }
  }

  private static int invokeInt(
      MemorySegment function, long a, long b, long c, long d, long e, long f) {
    MemorySegment area = AREA.get();
    try {
      int result = (int) (long) HANDLE.invokeExact(function, area, a, b, c, d, e, f);
      return result == -1 ? -area.get(JAVA_INT, ERRNO_OFFSET) : result;
    } catch (Throwable t) {
      throw new IllegalStateException("the C library cannot be called", t);
    }
  }

  /** Calls a function that returns a 64-bit value: that, or the negated errno where it is -1. */
  static long callLong(MemorySegment function, long a, long b, long c, long d, long e, long f) {
    return invokeLong(function, a, b, c, d, e, f);
  }

  /** Calls a function that returns an int; the upper half of the register is not the function's. */
  static int callInt(MemorySegment function, long a, long b, long c, long d, long e, long f) {
    return invokeInt(function, a, b, c, d, e, f);
  }

  static long callLong(MemorySegment function, long a, long b, long c, long d, long e) {
    return invokeLong(function, a, b, c, d, e, 0);
  }

  static long callLong(MemorySegment function, long a, long b, long c, long d) {
    return invokeLong(function, a, b, c, d, 0, 0);
  }

  static long callLong(MemorySegment function, long a, long b, long c) {
    return invokeLong(function, a, b, c, 0, 0, 0);
  }

  static long callLong(MemorySegment function, long a, long b) {
    return invokeLong(function, a, b, 0, 0, 0, 0);
  }

  static long callLong(MemorySegment function, long a) {
    return invokeLong(function, a, 0, 0, 0, 0, 0);
  }

  static int callInt(MemorySegment function, long a, long b, long c, long d, long e) {
    return invokeInt(function, a, b, c, d, e, 0);
  }

  static int callInt(MemorySegment function, long a, long b, long c, long d) {
    return invokeInt(function, a, b, c, d, 0, 0);
  }

  static int callInt(MemorySegment function, long a, long b, long c) {
    return invokeInt(function, a, b, c, 0, 0, 0);
  }

  static int callInt(MemorySegment function, long a, long b) {
    return invokeInt(function, a, b, 0, 0, 0, 0);
  }

  static int callInt(MemorySegment function, long a) {
    return invokeInt(function, a, 0, 0, 0, 0, 0);
  }
}
