package org.portbouncer.core.sys;

/**
 * The end of this process without the farewells of the VM. {@code System.exit} and {@code halt}
 * wait, 10 ms at a time and up to 300 ms, for threads that are in native code (HotSpot's {@code
 * VM_Exit::wait_for_threads_in_native_to_block}), and the mother's helpers always are: in a read, a
 * write, an accept. Who waits for her end (a service manager with the next server in hand, and
 * clients in the listen queue meanwhile) would wait for nothing.
 */
public final class EndProcess {

  private EndProcess() {}

  /**
   * Ends the process at once, by _exit(2): no hook runs, nothing is flushed, so that all that is to
   * be said must have been said. Does not return.
   *
   * @param code what wait(2) shows, 0 to 255
   */
  public static void now(int code) {
    LibcProcess.exit(code);
  }
}
