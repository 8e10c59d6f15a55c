package org.portbouncer.launcher.mother.rescue;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.sys.ChildProcess;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.KeeperProcess;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

class KeeperTest {

  private static final long LOOK_NANOS = 20_000_000;
  private static final int MOST_LOOKS = 1500;

  private final EventLoop loop = new EventLoop();
  private int looks;

  /** A child that has a keeper's name, ends at once, and is nobody's to reap. */
  private static int stray(Path folder) throws Exception {
    Path program = Files.copy(Path.of("/bin/true"), folder.resolve(KeeperProcess.NAME));
    int nowhere;
    try (Arena arena = Arena.ofConfined()) {
      nowhere = Libc.open(Native.string(arena, "/dev/null"), Const.O_RDWR, 0);
    }
    ChildProcess child =
        ChildProcess.start(List.of(program.toString()), nowhere, nowhere, Set.of());
    Libc.close(nowhere);
    Libc.close(child.pidfd());
    return child.pid();
  }

  private boolean isGone(int pid) {
    Timer look =
        new Timer() {
          @Override
          protected void expired(long now) {
            if (Files.notExists(Path.of("/proc/" + pid)) || ++looks == MOST_LOOKS) {
              loop.stop();
            } else {
              loop.timers().set(this, now + LOOK_NANOS);
            }
          }
        };
    loop.timers().set(look, loop.now());
    loop.run(now -> false);
    return looks < MOST_LOOKS;
  }

  @Test
  void shouldReapAKeeperOfWhichNoWorkerHasTold(@TempDir Path folder) throws Exception {
    int pid = stray(folder);
    Keeper.reapStrays(loop, known -> false);
    assertThat(isGone(pid)).isTrue();
  }

  @Test
  void shouldLeaveAKeeperAloneThatIsKnown(@TempDir Path folder) throws Exception {
    int pid = stray(folder);
    Keeper.reapStrays(loop, known -> known == pid);
    assertThat(Files.exists(Path.of("/proc/" + pid))).isTrue();
    ChildProcess.adopt(pid).reap();
  }
}
