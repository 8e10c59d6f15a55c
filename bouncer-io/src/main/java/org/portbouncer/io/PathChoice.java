package org.portbouncer.io;

/**
 * Which of its two paths a {@link Direction} takes next: bytes are copied, until so many takes in a
 * row were large that a pipe pays; then spliced, until so many were small. In the io worker, on its
 * loop's thread.
 */
final class PathChoice {

  // The sizes are measured: see docs/performance.md, "Sizes".

  /** A flow that gave so much, so many times in a row, is worth a pipe. */
  private static final int LARGE_BYTES = 16 * 1024;

  private static final int LARGE_TAKES = 3;

  /** A flow that gave less than this, so many times in a row, is not. */
  private static final int SMALL_BYTES = 8 * 1024;

  private static final int SMALL_TAKES = 4;

  private final CopyPath copy;
  private final SplicePath splice;

  private boolean splicing;

  /** Set where splice(2) does not do these sockets. */
  private boolean neverSplice;

  /** Takes in a row that speak for the other path. */
  private int streak;

  PathChoice(CopyPath copy, SplicePath splice) {
    this.copy = copy;
    this.splice = splice;
  }

  /** For a new session: it is copied, whatever the last one's was. */
  void begin() {
    neverSplice = false;
    judgeAnew(false);
  }

  /** The path for the next take from a source. */
  Path next(Side from) {
    if (splicing) {
      // Splicing stops at urgent data as if nothing came after it; a read passes it in line.
      if (!from.urgent() && !neverSplice && splice.ready()) {
        return splice;
      }
      judgeAnew(false);
    }
    return copy;
  }

  /** Changes path where so many takes in a row spoke for it that it will pay. */
  void took(long bytes) {
    if (splicing) {
      streak = bytes < SMALL_BYTES ? streak + 1 : 0;
      if (streak == SMALL_TAKES) {
        judgeAnew(false);
      }
    } else {
      streak = bytes >= LARGE_BYTES ? streak + 1 : 0;
      if (streak == LARGE_TAKES) {
        judgeAnew(true);
      }
    }
  }

  /** A splice ended without a word whether that is the end: the next take is a read, which says. */
  void read() {
    judgeAnew(false);
  }

  /**
   * These sockets cannot be spliced here: a copy does the same, or says what is wrong with them.
   */
  void refused(int errno) {
    neverSplice = true;
    splice.refused(errno);
  }

  private void judgeAnew(boolean splicing) {
    this.splicing = splicing;
    streak = 0;
  }
}
