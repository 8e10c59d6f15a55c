package org.portbouncer.launcher.privilege;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.portbouncer.launcher.privilege.CallFilter.ALLOW;
import static org.portbouncer.launcher.privilege.CallFilter.DENY;
import static org.portbouncer.launcher.privilege.CallFilter.KILL;
import static org.portbouncer.launcher.privilege.CallFilter.MISSING;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.portbouncer.core.hop.SealedHeaders;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;

/** The filter's answers, by a machine that runs it as the kernel does. */
class CallFilterTest {

  private static final int PID = CallFilter.OWN;
  private static final int O_CREAT = 0x40;

  /** What the loop of a worker and its forwarding are made of: free of looking at arguments. */
  private static final List<Call> HOT =
      List.of(
          Call.READ,
          Call.WRITE,
          Call.SPLICE,
          Call.RECVMSG,
          Call.RECVFROM,
          Call.CLOSE,
          Call.GETSOCKOPT,
          Call.GETSOCKNAME,
          Call.EPOLL_CTL,
          Call.EPOLL_WAIT,
          Call.EPOLL_PWAIT,
          Call.PIPE2,
          Call.MEMFD_CREATE,
          Call.PREAD64,
          Call.PWRITE64,
          Call.FUTEX);

  static Stream<Arguments> roles() {
    return Arrays.stream(Machine.values())
        .flatMap(
            machine -> Arrays.stream(StageId.values()).map(stage -> Arguments.of(machine, stage)));
  }

  private static BpfMachine filter(Machine machine, StageId stage) {
    return new BpfMachine(new CallFilter(machine, stage, false, true).program());
  }

  private static void expect(
      int answer, Machine machine, StageId stage, Call call, long... arguments) {
    int number = call.number(machine);
    if (number != Call.NONE) {
      assertThat(filter(machine, stage).answer(machine.audit(), number, arguments))
          .as("%s%s for %s on %s", call.text(), Arrays.toString(arguments), stage, machine)
          .isEqualTo(answer);
    }
  }

  @ParameterizedTest
  @MethodSource("roles")
  void shouldAllowWhatForwardingIsMadeOfWhateverTheArguments(Machine machine, StageId stage) {
    for (Call call : HOT) {
      expect(ALLOW, machine, stage, call);
      expect(ALLOW, machine, stage, call, -1, -1, -1, -1, -1, -1);
    }
  }

  private static void each(
      int answer, Machine machine, StageId stage, Call call, long[]... arguments) {
    for (long[] one : arguments) {
      expect(answer, machine, stage, call, one);
    }
  }

  private static long[] args(long... arguments) {
    return arguments;
  }

  @ParameterizedTest
  @MethodSource("roles")
  void shouldOpenFilesForReadingAndNoneWhereNoneIsNeeded(Machine machine, StageId stage) {
    expect(ALLOW, machine, stage, Call.OPENAT, -100, 1, 0x80000);
    expect(DENY, machine, stage, Call.OPENAT, -100, 1, Const.O_RDWR);
    BpfMachine none = new BpfMachine(new CallFilter(machine, stage, false, false).program());
    for (Call call : new Call[] {Call.OPEN, Call.OPENAT}) {
      int number = call.number(machine);
      if (number != Call.NONE) {
        assertThat(none.answer(machine.audit(), number, -100, 1, 0x80000))
            .isEqualTo(CallFilter.ERRNO | Errno.EACCES);
      }
    }
  }

  /** F_SETFL takes O_APPEND from the log and O_NONBLOCK from others' sockets. */
  @ParameterizedTest
  @MethodSource("roles")
  void shouldLeaveDescriptorsAsTheyAre(Machine machine, StageId stage) {
    for (int command : new int[] {0, 1, 2, 3, 1030, 1031}) {
      expect(ALLOW, machine, stage, Call.FCNTL, 5, command);
    }
    // F_SETFL, locks, F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY, F_ADD_SEALS, hints.
    for (int command : new int[] {4, 5, 6, 7, 8, 10, 15, 37, 38, 1024, 1026, 1033, 1036, -1}) {
      expect(DENY, machine, stage, Call.FCNTL, 5, command, 0);
    }
    // FIONBIO, FIOASYNC, FIOSETOWN, SIOCSPGRP, TIOCSTI, TCSETS.
    for (int command : new int[] {0x5421, 0x5452, 0x8901, 0x8902, 0x5412, 0x5402}) {
      expect(DENY, machine, stage, Call.IOCTL, 5, command, 0);
    }
  }

  @ParameterizedTest
  @MethodSource("roles")
  void shouldSendToThePeersOfItsSocketsAlone(Machine machine, StageId stage) {
    int otherwise = stage == StageId.CONNECT ? ALLOW : DENY;
    expect(ALLOW, machine, stage, Call.SENDTO, 5, 1, 2, 0, 0, 0);
    long sealed = SealedHeaders.ADDRESS;
    each(
        ALLOW,
        machine,
        stage,
        Call.SENDMSG,
        args(5, sealed, 0),
        args(5, sealed + SealedHeaders.HEADER, 0),
        args(5, sealed + SealedHeaders.BYTES - SealedHeaders.HEADER, 0));
    expect(otherwise, machine, stage, Call.SENDTO, 5, 1, 2, 0, 0x7fff_0000, 16);
    expect(otherwise, machine, stage, Call.SENDTO, 5, 1, 2, 0, 0x7fff_0000_0000L, 16);
    each(
        otherwise,
        machine,
        stage,
        Call.SENDMSG,
        args(5, 0x7fff_0000_0000L, 0),
        args(5, sealed + 8, 0),
        args(5, sealed + SealedHeaders.BYTES, 0),
        args(5, sealed - SealedHeaders.HEADER, 0),
        args(5, sealed | 1L << 63, 0),
        args(5, 0, 0));
    expect(otherwise, machine, stage, Call.SENDMMSG, 5, sealed, 1, 0);
  }

  @ParameterizedTest
  @MethodSource("roles")
  void shouldKeepTheHeadersOfMessagesAsTheyAre(Machine machine, StageId stage) {
    int guarded = stage == StageId.CONNECT ? ALLOW : DENY;
    long sealed = SealedHeaders.ADDRESS;
    long far = 0x7fff_0000_0000L;
    for (Call call : List.of(Call.MMAP, Call.MPROTECT, Call.MUNMAP)) {
      each(ALLOW, machine, stage, call, args(far, 4096, 3), args(0, 1 << 30, 3));
      each(
          guarded,
          machine,
          stage,
          call,
          args(sealed, 4096, 3),
          args(sealed + 0xf000, 1 << 20, 3),
          args(sealed - 4096, 8192, 3),
          args(sealed - (1L << 32), 4096, 3),
          args(4096, sealed, 3));
    }
    each(ALLOW, machine, stage, Call.MREMAP, args(far, 1, 2, 1, sealed), args(far, 1, 2, 3, far));
    each(
        guarded,
        machine,
        stage,
        Call.MREMAP,
        args(sealed, 1, 2, 1),
        args(far, 1, 2, 3, sealed),
        args(far, 1, 2, 3, sealed - 4096),
        args(far, 1L << 32, 2, 1),
        args(far, 1, 1L << 32, 1));
  }

  @ParameterizedTest
  @MethodSource("roles")
  void shouldSetTheOptionsOfItsStage(Machine machine, StageId stage) {
    boolean sets = stage == StageId.BANDWIDTH || stage == StageId.IO;
    int own = sets || stage == StageId.CONNECT ? ALLOW : DENY;
    expect(own, machine, stage, Call.SETSOCKOPT, 5, Const.IPPROTO_TCP, 1);
    expect(own, machine, stage, Call.SETSOCKOPT, 5, Const.SOL_SOCKET, Const.SO_KEEPALIVE);
    // A socket that lingers has whoever closes it wait.
    expect(
        stage == StageId.IO ? ALLOW : DENY,
        machine,
        stage,
        Call.SETSOCKOPT,
        5,
        Const.SOL_SOCKET,
        Const.SO_LINGER);
    int others = stage == StageId.CONNECT ? ALLOW : DENY;
    // SO_PASSCRED, SO_ATTACH_FILTER; TCP_REPAIR; an option of IP.
    expect(others, machine, stage, Call.SETSOCKOPT, 5, Const.SOL_SOCKET, 16);
    expect(others, machine, stage, Call.SETSOCKOPT, 5, Const.SOL_SOCKET, 26);
    expect(others, machine, stage, Call.SETSOCKOPT, 5, Const.IPPROTO_TCP, 19);
    expect(others, machine, stage, Call.SETSOCKOPT, 5, 0, 1);
    // Datagrams that leave with one call; another option of UDP, which unpacks what comes.
    int trains = stage == StageId.IO || stage == StageId.CONNECT ? ALLOW : DENY;
    expect(trains, machine, stage, Call.SETSOCKOPT, 5, Const.IPPROTO_UDP, Const.UDP_SEGMENT);
    expect(others, machine, stage, Call.SETSOCKOPT, 5, Const.IPPROTO_UDP, 100);
    expect(stage == StageId.IO ? ALLOW : DENY, machine, stage, Call.SHUTDOWN, 5, 2);
  }

  @ParameterizedTest
  @MethodSource("roles")
  void shouldEndAProcessThatWantsToBeAnother(Machine machine, StageId stage) {
    for (Call call :
        List.of(Call.EXECVE, Call.EXECVEAT, Call.PTRACE, Call.PROCESS_VM_WRITEV, Call.MOUNT)) {
      expect(KILL, machine, stage, call);
    }
  }

  @ParameterizedTest
  @MethodSource("roles")
  void shouldAllowThreadsAndNoProcesses(Machine machine, StageId stage) {
    // What the C library starts a thread with, and what it forks and spawns with.
    expect(ALLOW, machine, stage, Call.CLONE, 0x3d0f00);
    expect(DENY, machine, stage, Call.CLONE, 0x1200011);
    expect(DENY, machine, stage, Call.CLONE, 0x4111);
    // A thread with a namespace of its own.
    expect(DENY, machine, stage, Call.CLONE, 0x3d0f00 | 0x4000_0000);
    expect(MISSING, machine, stage, Call.CLONE3, 0, 88);
    expect(DENY, machine, stage, Call.FORK);
    expect(DENY, machine, stage, Call.VFORK);
  }

  @ParameterizedTest
  @MethodSource("roles")
  void shouldAllowFilesToBeReadAndNotWritten(Machine machine, StageId stage) {
    expect(ALLOW, machine, stage, Call.OPENAT, -100, 0x7fff_0000_0000L, Const.O_CLOEXEC);
    expect(ALLOW, machine, stage, Call.OPEN, 0x7fff_0000_0000L, Const.O_CLOEXEC);
    for (int flags :
        new int[] {Const.O_WRONLY, Const.O_RDWR, O_CREAT, Const.O_WRONLY | O_CREAT, 0x200}) {
      expect(DENY, machine, stage, Call.OPENAT, -100, 0, flags);
      expect(DENY, machine, stage, Call.OPEN, 0, flags);
    }
  }

  @ParameterizedTest
  @MethodSource("roles")
  void shouldSignalNobodyElse(Machine machine, StageId stage) {
    expect(ALLOW, machine, stage, Call.TGKILL, PID, PID + 3, 12);
    expect(DENY, machine, stage, Call.TGKILL, PID + 1, PID + 1, 9);
    expect(ALLOW, machine, stage, Call.KILL, 1, 0);
    expect(DENY, machine, stage, Call.KILL, PID, 9);
    expect(DENY, machine, stage, Call.KILL, -1, 15);
  }

  @ParameterizedTest
  @MethodSource("roles")
  void shouldAskForItsOwnLimitsAndSetNone(Machine machine, StageId stage) {
    expect(ALLOW, machine, stage, Call.PRLIMIT64, 0, 7, 0, 0x7fff_0000_0000L);
    expect(ALLOW, machine, stage, Call.PRLIMIT64, PID, 7, 0, 0x7fff_0000_0000L);
    expect(DENY, machine, stage, Call.PRLIMIT64, 1, 7, 0, 0x7fff_0000_0000L);
    expect(DENY, machine, stage, Call.PRLIMIT64, 0, 7, 1, 0);
    expect(DENY, machine, stage, Call.PRLIMIT64, 0, 7, 0x7fff_0000_0000L, 0);
  }

  @ParameterizedTest
  @MethodSource("roles")
  void shouldMakeSocketsForTargetsAlone(Machine machine, StageId stage) {
    int allowed = stage == StageId.CONNECT ? ALLOW : DENY;
    int stream = Const.SOCK_STREAM | Const.SOCK_CLOEXEC | Const.SOCK_NONBLOCK;
    for (int family : new int[] {Const.AF_UNIX, Const.AF_INET, Const.AF_INET6}) {
      expect(allowed, machine, stage, Call.SOCKET, family, stream, 0);
      expect(allowed, machine, stage, Call.SOCKET, family, Const.SOCK_DGRAM, 0);
      expect(DENY, machine, stage, Call.SOCKET, family, 3, 0); // raw
      expect(allowed, machine, stage, Call.SOCKET, family, stream, Const.IPPROTO_TCP);
      expect(allowed, machine, stage, Call.SOCKET, family, Const.SOCK_DGRAM, 17); // UDP
      expect(DENY, machine, stage, Call.SOCKET, family, stream, 132); // SCTP
      expect(DENY, machine, stage, Call.SOCKET, family, stream, 262); // MPTCP
      expect(DENY, machine, stage, Call.SOCKET, family, Const.SOCK_DGRAM, 136); // UDP-Lite
    }
    expect(allowed, machine, stage, Call.SOCKET, 16, 3, 0); // netlink, of routes
    expect(DENY, machine, stage, Call.SOCKET, 16, 3, 9); // netlink, of audit
    expect(DENY, machine, stage, Call.SOCKET, 17, 3, 0); // packets
    expect(DENY, machine, stage, Call.SOCKET, 40, 1, 0); // of virtual machines
    expect(allowed, machine, stage, Call.CONNECT);
    expect(allowed, machine, stage, Call.SOCKETPAIR, Const.AF_UNIX, stream, 0);
    expect(DENY, machine, stage, Call.SOCKETPAIR, Const.AF_UNIX, Const.SOCK_DGRAM, 0);
    expect(DENY, machine, stage, Call.SOCKETPAIR, Const.AF_UNIX, Const.SOCK_SEQPACKET, 0);
    expect(DENY, machine, stage, Call.LISTEN);
    expect(DENY, machine, stage, Call.ACCEPT4);
  }

  @ParameterizedTest
  @MethodSource("roles")
  void shouldKnowNoOtherCall(Machine machine, StageId stage) {
    BpfMachine filter = filter(machine, stage);
    Set<Integer> named =
        Arrays.stream(Call.values()).map(call -> call.number(machine)).collect(Collectors.toSet());
    for (int number = 0; number < 2000; number++) {
      if (!named.contains(number)) {
        assertThat(filter.answer(machine.audit(), number)).as("%d", number).isEqualTo(MISSING);
      }
    }
    assertThat(filter.answer(machine.audit(), 0x40000000)).as("x32").isEqualTo(MISSING);
    assertThat(filter.answer(machine.audit(), -1)).isEqualTo(MISSING);
    assertThat(filter.answer(0x40000003, 3)).as("32 bit").isEqualTo(KILL);
  }

  @Test
  void shouldCountCallsAsTheKernelDoes() throws IOException {
    int compared =
        compare(Machine.X86_64, Path.of("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"))
            + compare(Machine.AARCH64, Path.of("/usr/include/asm-generic/unistd.h"));
    assumeTrue(compared > 0, "the kernel's headers are not installed");
  }

  private static int compare(Machine machine, Path header) throws IOException {
    if (!Files.exists(header)) {
      return 0;
    }
    Pattern line = Pattern.compile("#define __NR(?:3264)?_(\\w+)\\s+(\\d+)");
    Map<String, Integer> numbers = new HashMap<>();
    for (String text : Files.readAllLines(header)) {
      Matcher matcher = line.matcher(text);
      if (matcher.matches()) {
        numbers.putIfAbsent(matcher.group(1), Integer.parseInt(matcher.group(2)));
      }
    }
    if (machine == Machine.AARCH64) {
      // The generic table has two names for one number each: it calls them so for 32 bit.
      numbers.put("newfstatat", numbers.get("fstatat"));
    }
    int compared = 0;
    for (Call call : Call.values()) {
      Integer number = numbers.get(call.text());
      assertThat(call.number(machine))
          .as("%s on %s", call.text(), machine)
          .isEqualTo(number == null ? Call.NONE : number);
      compared++;
    }
    return compared;
  }

  @ParameterizedTest
  @EnumSource(Machine.class)
  void shouldLetConnectAloneMakeMultipathSocketsWhereTheyAreConfigured(Machine machine) {
    for (StageId stage : StageId.values()) {
      BpfMachine filter = new BpfMachine(new CallFilter(machine, stage, true, true).program());
      long[] mptcp = {Const.AF_INET, Const.SOCK_STREAM, Const.IPPROTO_MPTCP};
      long[] sctp = {Const.AF_INET, Const.SOCK_STREAM, 132};
      int number = Call.SOCKET.number(machine);
      assertThat(filter.answer(machine.audit(), number, mptcp))
          .as("%s on %s", stage, machine)
          .isEqualTo(stage == StageId.CONNECT ? CallFilter.ALLOW : DENY);
      assertThat(filter.answer(machine.audit(), number, sctp)).isEqualTo(DENY);
    }
  }
}
