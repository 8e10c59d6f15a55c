package org.portbouncer.launcher.privilege;

/** The two kinds of machine that the server runs on, as seccomp(2) tells them apart. */
enum Machine {
  X86_64(0xc000003e),
  AARCH64(0xc00000b7);

  private final int audit;

  Machine(int audit) {
    this.audit = audit;
  }

  /** AUDIT_ARCH_… of linux/audit.h. */
  int audit() {
    return audit;
  }

  /** This one; null for any other kind. */
  static Machine current() {
    return switch (System.getProperty("os.arch")) {
      case "amd64" -> X86_64;
      case "aarch64" -> AARCH64;
      default -> null;
    };
  }
}
