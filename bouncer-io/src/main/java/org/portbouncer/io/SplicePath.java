package org.portbouncer.io;

import org.portbouncer.core.sys.Errno;

/**
 * Through a pipe with splice(2): the kernel passes pages on and copies none, which pays as soon as
 * a flow keeps coming. Holds a pipe only while bytes are in it. In the io worker, on its loop's
 * thread.
 */
final class SplicePath implements Path {

  private final PipePool pool;
  private final FlowNotes notes;
  private Pipe pipe;

  SplicePath(PipePool pool, FlowNotes notes) {
    this.pool = pool;
    this.notes = notes;
  }

  /** Makes sure of a pipe; false where there is none to be had. */
  boolean ready() {
    if (pipe == null) {
      obtain();
    }
    return pipe != null && pipe.lasts();
  }

  private void obtain() {
    pipe = pool.obtain();
    if (pipe != null) {
      notes.pipe(pipe.readEnd());
    }
  }

  /** Takes over the pipe of a session that goes on here, and the bytes in it. */
  void resume(int readEnd, long bytes) {
    pool.countResumed();
    pipe = Pipe.resumed(readEnd, bytes);
    notes.pipe(readEnd);
  }

  /** Bytes in transit. */
  long bytes() {
    return pipe == null ? 0 : pipe.bytes();
  }

  @Override
  public long room() {
    return Pipe.BYTES;
  }

  @Override
  public long take(int fd, long max) {
    return pipe.fill(fd, max);
  }

  @Override
  public long give(int fd) {
    return pipe.drain(fd);
  }

  /** splice(2) said {@code errno}, which is about neither peer. */
  void refused(int errno) {
    if (Errno.meansCallRefused(errno)) {
      pool.giveUp(errno);
    }
  }

  /**
   * Hands bytes in transit to the copying path, as many as fit there; it must be empty, and is so
   * after it where the pipe has lost them.
   */
  void handOver(CopyPath copy) {
    pipe.drain(copy);
  }

  @Override
  public boolean isEmpty() {
    return pipe == null || pipe.isEmpty();
  }

  @Override
  public void settle() {
    if (pipe != null && pipe.isEmpty()) {
      drop();
    }
  }

  @Override
  public void drop() {
    if (pipe != null) {
      notes.pipe(-1);
      pool.release(pipe);
      pipe = null;
    }
  }
}
