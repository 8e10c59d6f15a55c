package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A named pipe, and a reader of it that reads when it is told to. */
final class Fifo implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Path path;
  private RandomAccessFile reader;

  private Fifo(Path path) {
    this.path = path;
  }

  /** Makes one that nobody has open. */
  static Fifo make(Path path) throws IOException, InterruptedException {
    CommandResult made = CommandResult.run(null, List.of("mkfifo", path.toString()));
    assertThat(made.exit()).as(made.allText()).isZero();
    return new Fifo(path);
  }

  /** Opens it to read; for writing too, which never waits for the other side. */
  Fifo open() throws IOException {
    reader = new RandomAccessFile(path.toFile(), "rw");
    return this;
  }

  /** Writes into it until not a byte more goes in. */
  Fifo fill() throws IOException, InterruptedException {
    for (String size : List.of("4096", "1")) {
      CommandResult.run(
          null,
          List.of("dd", "if=/dev/zero", "of=" + path, "bs=" + size, "oflag=nonblock", "count=2M"));
    }
    return this;
  }

  /** What is in it now, or comes until it holds {@code text}, without what it was filled with. */
  String readUntil(String text) throws IOException {
    StringBuilder all = new StringBuilder();
    byte[] piece = new byte[64 * 1024];
    FileInputStream in = new FileInputStream(reader.getFD());
    while (all.indexOf(text) < 0) {
      await(text + " after " + all).atMost(PATIENCE).until(() -> in.available() > 0);
      int length = in.read(piece);
      all.append(new String(piece, 0, length, StandardCharsets.UTF_8).replace("\0", ""));
    }
    return all.toString();
  }

  /** The reader goes, and may come again. */
  void leave() throws IOException {
    if (reader != null) {
      reader.close();
      reader = null;
    }
  }

  @Override
  public void close() throws IOException {
    leave();
  }
}
