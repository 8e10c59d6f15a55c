package org.portbouncer.launcher.privilege;

import java.util.Locale;

/**
 * System calls that a {@link CallFilter} names, with their numbers: asm/unistd_64.h for x86-64,
 * asm-generic/unistd.h for aarch64. In the mother.
 */
enum Call {
  // data of files, pipes and sockets
  READ(0, 63),
  WRITE(1, 64),
  READV(19, 65),
  WRITEV(20, 66),
  PREAD64(17, 67),
  PWRITE64(18, 68),
  PREADV(295, 69),
  PWRITEV(296, 70),
  CLOSE(3, 57),
  LSEEK(8, 62),
  FCNTL(72, 25),
  IOCTL(16, 29),
  DUP(32, 23),
  DUP2(33, Call.NONE),
  DUP3(292, 24),
  PIPE2(293, 59),
  SPLICE(275, 76),
  MEMFD_CREATE(319, 279),
  FADVISE64(221, 223),

  // names of files
  OPEN(2, Call.NONE),
  OPENAT(257, 56),
  STAT(4, Call.NONE),
  FSTAT(5, 80),
  LSTAT(6, Call.NONE),
  NEWFSTATAT(262, 79),
  STATX(332, 291),
  ACCESS(21, Call.NONE),
  FACCESSAT(269, 48),
  FACCESSAT2(439, 439),
  READLINK(89, Call.NONE),
  READLINKAT(267, 78),
  GETCWD(79, 17),
  GETDENTS(78, Call.NONE),
  GETDENTS64(217, 61),
  STATFS(137, 43),
  FSTATFS(138, 44),

  // waiting
  POLL(7, Call.NONE),
  PPOLL(271, 73),
  EPOLL_CREATE1(291, 20),
  EPOLL_CTL(233, 21),
  EPOLL_WAIT(232, Call.NONE),
  EPOLL_PWAIT(281, 22),
  EPOLL_PWAIT2(441, 441),
  EVENTFD2(290, 19),

  // sockets that are there
  SENDMSG(46, 211),
  RECVMSG(47, 212),
  SENDTO(44, 206),
  RECVFROM(45, 207),
  SHUTDOWN(48, 210),
  GETSOCKOPT(55, 209),
  SETSOCKOPT(54, 208),
  GETSOCKNAME(51, 204),
  GETPEERNAME(52, 205),

  // memory
  MMAP(9, 222),
  MPROTECT(10, 226),
  MUNMAP(11, 215),
  MREMAP(25, 216),
  MADVISE(28, 233),
  MSYNC(26, 227),
  MINCORE(27, 232),
  BRK(12, 214),

  // threads
  FUTEX(202, 98),
  SET_ROBUST_LIST(273, 99),
  GET_ROBUST_LIST(274, 100),
  RSEQ(334, 293),
  MEMBARRIER(324, 283),
  SCHED_YIELD(24, 124),
  SCHED_GETAFFINITY(204, 123),
  SCHED_GETPARAM(143, 121),
  SCHED_GETSCHEDULER(145, 120),
  SCHED_GET_PRIORITY_MAX(146, 125),
  SCHED_GET_PRIORITY_MIN(147, 126),
  GETPRIORITY(140, 141),
  GETCPU(309, 168),
  CLONE(56, 220),
  CLONE3(435, 435),
  EXIT(60, 93),
  EXIT_GROUP(231, 94),
  SET_TID_ADDRESS(218, 96),
  ARCH_PRCTL(158, Call.NONE),
  PRCTL(157, 167),

  // who, what and when
  GETPID(39, 172),
  GETTID(186, 178),
  GETPPID(110, 173),
  GETUID(102, 174),
  GETEUID(107, 175),
  GETGID(104, 176),
  GETEGID(108, 177),
  UNAME(63, 160),
  SYSINFO(99, 179),
  GETRUSAGE(98, 165),
  GETRLIMIT(97, 163),
  PRLIMIT64(302, 261),
  TIMES(100, 153),
  TIME(201, Call.NONE),
  GETTIMEOFDAY(96, 169),
  CLOCK_GETTIME(228, 113),
  CLOCK_GETRES(229, 114),
  CLOCK_NANOSLEEP(230, 115),
  NANOSLEEP(35, 101),
  GETRANDOM(318, 278),

  // signals
  RT_SIGACTION(13, 134),
  RT_SIGPROCMASK(14, 135),
  RT_SIGRETURN(15, 139),
  RT_SIGPENDING(127, 136),
  RT_SIGTIMEDWAIT(128, 137),
  RT_SIGSUSPEND(130, 133),
  SIGALTSTACK(131, 132),
  RESTART_SYSCALL(219, 128),
  TGKILL(234, 131),
  KILL(62, 129),

  // new sockets
  SOCKET(41, 198),
  CONNECT(42, 203),
  BIND(49, 200),
  SOCKETPAIR(53, 199),
  SENDMMSG(307, 269),
  RECVMMSG(299, 243),
  LISTEN(50, 201),
  ACCEPT(43, 202),
  ACCEPT4(288, 242),

  // other processes, and other programs in this one
  FORK(57, Call.NONE),
  VFORK(58, Call.NONE),
  EXECVE(59, 221),
  EXECVEAT(322, 281),
  PTRACE(101, 117),
  PROCESS_VM_READV(310, 270),
  PROCESS_VM_WRITEV(311, 271),
  PIDFD_GETFD(438, 438),

  // the system itself
  KEXEC_LOAD(246, 104),
  KEXEC_FILE_LOAD(320, 294),
  INIT_MODULE(175, 105),
  FINIT_MODULE(313, 273),
  DELETE_MODULE(176, 106),
  MOUNT(165, 40),
  UMOUNT2(166, 39),
  MOVE_MOUNT(429, 429),
  OPEN_TREE(428, 428),
  FSOPEN(430, 430),
  PIVOT_ROOT(155, 41),
  CHROOT(161, 51),
  SETNS(308, 268),
  UNSHARE(272, 97),
  BPF(321, 280),
  OPEN_BY_HANDLE_AT(304, 265),
  SWAPON(167, 224),
  SWAPOFF(168, 225),
  REBOOT(169, 142);

  /** The number of a call that an architecture does not have. */
  static final int NONE = -1;

  private final int x86;
  private final int arm;

  Call(int x86, int arm) {
    this.x86 = x86;
    this.arm = arm;
  }

  /** Its number there, or {@link #NONE}. */
  int number(Machine machine) {
    return machine == Machine.X86_64 ? x86 : arm;
  }

  /** Its name in the man pages and in the kernel's headers. */
  String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
