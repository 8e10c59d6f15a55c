package org.portbouncer.launcher.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.newsclub.net.unix.AFSocketType;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSocketPair;
import org.newsclub.net.unix.FileDescriptorCast;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.Fields;
import org.portbouncer.core.sys.Errno;

/** One child process of a benchmark and the link to it; in the command. */
final class PeerLink implements AutoCloseable {

  private final Process process;
  private final AFUNIXDatagramChannel channel;
  private final ControlChannel control;
  private final Waiting waiting;

  PeerLink(Class<?> main, String argument) throws IOException {
    AFUNIXSocketPair<AFUNIXDatagramChannel> pair =
        AFUNIXSocketPair.openDatagram(AFSocketType.SOCK_SEQPACKET);
    channel = pair.getSocket1();
    process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "-Xms64m",
                    "-Xmx256m",
                    "-XX:-UsePerfData",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    main.getName(),
                    argument))
            .redirectInput(
                FileDescriptorCast.using(pair.getSocket2().getFileDescriptor())
                    .as(ProcessBuilder.Redirect.class))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    pair.getSocket2().setShutdownOnClose(false);
    pair.getSocket2().close();
    int fd = FileDescriptorCast.using(channel.getFileDescriptor()).as(Integer.class);
    control = new ControlChannel(fd);
    waiting = new Waiting(fd);
  }

  /** Starts a run; the descriptors stay ours. */
  void start(HopRun run, int socket, int memory) throws IOException {
    run.put(control.begin(HopPeer.RUN));
    control.attach(socket);
    if (memory >= 0) {
      control.attach(memory);
    }
    int errno = control.send();
    if (errno != 0) {
      throw new IOException("a process of the benchmark is gone: " + Errno.text(errno));
    }
  }

  /** Starts round trips; the descriptors stay ours. */
  void startTrips(IpcMode mode, int trips, int socket, int memory) throws IOException {
    control.begin(IpcPeer.RUN).putInt(mode.ordinal()).putInt(trips);
    control.attach(socket);
    control.attach(memory);
    int errno = control.send();
    if (errno != 0) {
      throw new IOException("a process of the benchmark is gone: " + Errno.text(errno));
    }
  }

  /** Waits for the end of the round trips: p50 and p99 in ns. */
  long[] awaitTrips() throws IOException {
    awaitAnswer();
    try {
      Fields fields = control.fields();
      long[] times = {fields.i64(), fields.i64()};
      fields.end();
      return times;
    } catch (ControlException e) {
      throw garbled(e);
    }
  }

  /** Waits for the end of the run. */
  Usage await() throws IOException {
    awaitAnswer();
    try {
      return Usage.get(control.fields());
    } catch (ControlException e) {
      throw garbled(e);
    }
  }

  private static IOException garbled(ControlException e) {
    return new IOException("a process of the benchmark says " + e.getMessage(), e);
  }

  private void awaitAnswer() throws IOException {
    int length;
    while ((length = control.receiveBare()) == -Errno.EAGAIN) {
      waiting.readableForEver();
    }
    if (length <= 0) {
      throw new IOException("a process of the benchmark ended before its run did");
    }
    if (control.truncated()) {
      throw new IOException("a process of the benchmark says more than it is asked");
    }
    if (control.code() != HopPeer.DONE) {
      try {
        byte[] why = control.fields().rest(ControlChannel.MAX_BYTES);
        throw new IOException(new String(why, StandardCharsets.UTF_8));
      } catch (ControlException e) {
        throw garbled(e);
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
    try {
      if (!process.waitFor(2, java.util.concurrent.TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }
}
