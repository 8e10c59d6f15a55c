package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.HashMap;
import java.util.Map;

/**
 * The downcall handles behind {@link Libc}. Runs in every process.
 *
 * <p>Pointers are declared as longs: in the C ABIs of x86-64 and aarch64 they travel in the same
 * registers, and a plain long spares an object and a liveness check per call. Who passes an address
 * keeps its memory alive; ours comes from arenas that live as long as the process.
 *
 * <p>No handle is {@code critical}: a collection waits for a thread inside a critical call, and
 * most of these can block.
 */
final class LibcBindings {

  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup LOOKUP = LINKER.defaultLookup();
  private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

  /** Size and place of errno in the capture area. */
  private static final MemoryLayout CAPTURE = Linker.Option.captureStateLayout();

  static final long ERRNO_OFFSET =
      CAPTURE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  /** One capture area per thread: two threads in calls at once must not see each other's errno. */
  private static final ThreadLocal<MemorySegment> AREA =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE));

  // Functions of one shape share one linkage; making a shape is the costly part of start-up.
  private static final Map<String, MethodHandle> BY_NAME = new HashMap<>();

  private LibcBindings() {}

  static MemorySegment area() {
    return AREA.get();
  }

  static int errno(MemorySegment area) {
    return area.get(JAVA_INT, ERRNO_OFFSET);
  }

  /**
   * A handle for {@code name}, shaped by {@code shape}: the result, then the parameters, `i` for a
   * 32-bit and `l` for a 64-bit or pointer one; a `|` stands before the first variadic parameter.
   */
  static MethodHandle bind(String name, String shape) {
    synchronized (BY_NAME) {
      return BY_NAME.computeIfAbsent(name, n -> link(n, shape));
    }
  }

  /** A second shape of a function that has several; not shared by name. */
  static MethodHandle bindShape(String name, String shape) {
    return link(name, shape);
  }

  private static MethodHandle link(String name, String shape) {
    int variadic = shape.indexOf('|') - 1;
    String types = shape.replace("|", "");
    ValueLayout[] parameters = new ValueLayout[types.length() - 1];
    for (int i = 1; i < types.length(); i++) {
      parameters[i - 1] = layout(types.charAt(i));
    }
    FunctionDescriptor descriptor = FunctionDescriptor.of(layout(types.charAt(0)), parameters);
    MemorySegment symbol =
        LOOKUP
            .find(name)
            .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name));
    return variadic < 0
        ? LINKER.downcallHandle(symbol, descriptor, ERRNO)
        : LINKER.downcallHandle(
            symbol, descriptor, ERRNO, Linker.Option.firstVariadicArg(variadic));
  }

  private static ValueLayout layout(char type) {
    return switch (type) {
      case 'i' -> JAVA_INT;
      case 'l' -> JAVA_LONG;
      default -> throw new IllegalArgumentException("no type " + type);
    };
  }

  /** The layout of a pointer, for callers that read one out of a structure. */
  static AddressLayout pointer() {
    return ValueLayout.ADDRESS;
  }
}
