/*
 * hop: the hop benchmark in plain C, to compare the server's own hop code with.
 *
 * A sender and a receiver process, one AF_UNIX datagram socketpair. Every message hands over a session state of S bytes
 * and F descriptors:
 *   inline      the state is the datagram
 *   file-fd     the state is written to a new unlinked file in a directory; its descriptor goes first in the message
 *   file-memfd  the same with a memfd
 *   shm         the state is changed in place in a slot of a shared area; slot and generation are the datagram, and the
 *               receiver gives the slot back through the shared memory
 * Modes take turns, run by run; the figures are medians of the CPU time of both processes.
 */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HEADER_WORDS = 32, HEADER_BYTES = HEADER_WORDS * 8, SLOTS = 64, MAX_FDS = 32, MAX_RUNS = 1000 };
static const uint64_t MAGIC = 0x626f756e63657231u;

enum mode { INLINE, FILE_FD, FILE_MEMFD, SHM, MODES };
static const char *const mode_names[MODES] = {"inline", "file-fd", "file-memfd", "shm"};

struct options {
    bool wanted[MODES];
    size_t state_size, fds;
    long long messages, runs, warmup, timeout;
    const char *directory;
    bool fill, checksum, unlink, copies, json;
};

/* The words of the header, at the front of every state. */
enum { H_MAGIC, H_SEQUENCE, H_LENGTH, H_CHECKSUM, H_FIRST_DERIVED };

/* One slot: free (even generation) or taken (odd). Both change hands only through `generation`. */
struct slot {
    _Alignas(64) _Atomic uint32_t generation;
    _Alignas(64) uint8_t state[];
};

struct ticket { /* the datagram of mode shm */
    uint32_t slot, generation;
};

struct usage {
    double user_s, system_s;
};

struct shared { /* what the processes of one run have in common */
    _Atomic int arrived;
    struct usage sender, receiver;
    double wall_s;
};

struct run {
    const struct options *options;
    enum mode mode;
    long long messages;
    int sockets[2];
    int passed[MAX_FDS];
    dev_t passed_device[MAX_FDS];
    ino_t passed_inode[MAX_FDS];
    struct shared *shared;
    uint8_t *slots; /* mode shm */
    size_t slot_size;
    uint8_t *state; /* the local object of a process */
    uint32_t next_slot;
};

/* ---- the state ---- */

static uint64_t body_word(uint64_t seed, size_t i) { return (seed + i) * 0x9e3779b97f4a7c15u; }

static void fill_body(uint8_t *state, size_t size, uint64_t seed) {
    for (size_t i = HEADER_BYTES; i < size; i += 8) {
        uint64_t word = body_word(seed, i);
        memcpy(state + i, &word, size - i < 8 ? size - i : 8);
    }
}

static uint64_t checksum_body(const uint8_t *state, size_t size) {
    uint64_t sum = 0, word;
    size_t i = HEADER_BYTES;
    for (; i + 8 <= size; i += 8) {
        memcpy(&word, state + i, 8);
        sum = (sum << 1 | sum >> 63) ^ word;
    }
    for (; i < size; i++) sum = (sum << 1 | sum >> 63) ^ state[i];
    return sum;
}

/* What changes with every message: the header, and with --fill the whole of it. */
static void write_state(const struct run *r, uint8_t *state, uint64_t sequence) {
    size_t size = r->options->state_size;
    uint64_t header[HEADER_WORDS] = {[H_MAGIC] = MAGIC, [H_SEQUENCE] = sequence, [H_LENGTH] = size};
    if (r->options->fill) fill_body(state, size, sequence);
    if (r->options->checksum) header[H_CHECKSUM] = checksum_body(state, size);
    for (size_t i = H_FIRST_DERIVED; i < HEADER_WORDS; i++) header[i] = sequence * 31 + i;
    memcpy(state, header, sizeof header);
}

static void check_state(const struct run *r, const uint8_t *state, size_t length, uint64_t sequence) {
    uint64_t header[HEADER_WORDS];
    if (length != r->options->state_size) fail("message %llu: %zu bytes", (unsigned long long)sequence, length);
    memcpy(header, state, sizeof header);
    bool good = header[H_MAGIC] == MAGIC && header[H_SEQUENCE] == sequence && header[H_LENGTH] == length;
    for (size_t i = H_FIRST_DERIVED; i < HEADER_WORDS; i++) good &= header[i] == sequence * 31 + i;
    if (good && r->options->checksum) good = header[H_CHECKSUM] == checksum_body(state, length);
    if (!good) fail("message %llu: wrong content", (unsigned long long)sequence);
}

/* ---- datagrams with descriptors ---- */

static bool wait_for(int fd, short events) {
    struct pollfd p = {.fd = fd, .events = events};
    if (poll(&p, 1, -1) < 0 && errno != EINTR) die("poll");
    return true;
}

static void send_message(const struct run *r, const void *data, size_t length, int first_fd) {
    union {
        char bytes[CMSG_SPACE(sizeof(int) * (MAX_FDS + 1))];
        struct cmsghdr align;
    } control;
    struct iovec vector = {.iov_base = (void *)data, .iov_len = length};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    int fds[MAX_FDS + 1];
    size_t n = 0;
    if (first_fd >= 0) fds[n++] = first_fd;
    size_t copies = n;
    for (size_t i = 0; i < r->options->fds; i++) {
        fds[n] = r->options->copies ? fcntl(r->passed[i], F_DUPFD_CLOEXEC, 0) : r->passed[i];
        if (fds[n++] < 0) die("fcntl");
    }
    if (n > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(n * sizeof(int));
        memset(control.bytes, 0, message.msg_controllen);
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(c), fds, n * sizeof(int));
    }
    ssize_t sent;
    do sent = sendmsg(r->sockets[0], &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && (errno == EINTR || (errno == EAGAIN && wait_for(r->sockets[0], POLLOUT))));
    if (sent < 0) die("sendmsg of %zu bytes", length);
    if ((size_t)sent != length) fail("sendmsg sent %zd of %zu bytes", sent, length);
    for (size_t i = copies; r->options->copies && i < n; i++)
        if (close(fds[i]) != 0) die("close");
}

/* Returns the length of the datagram and puts exactly `wanted` descriptors into fds. */
static size_t receive_message(const struct run *r, void *data, size_t room, int *fds, size_t wanted) {
    union {
        char bytes[CMSG_SPACE(sizeof(int) * (MAX_FDS + 1))];
        struct cmsghdr align;
    } control;
    struct iovec vector = {.iov_base = data, .iov_len = room};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t n;
    do n = recvmsg(r->sockets[1], &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_for(r->sockets[1], POLLIN))));
    if (n < 0) die("recvmsg");
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) fail("a truncated message");
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    size_t have = 0;
    if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
        have = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds, CMSG_DATA(c), have * sizeof(int));
    }
    if (have != wanted) fail("%zu descriptors instead of %zu", have, wanted);
    return (size_t)n;
}

static void take_passed(const struct run *r, const int *fds) {
    for (size_t i = 0; i < r->options->fds; i++) {
        if (r->options->checksum) {
            struct stat s;
            if (fstat(fds[i], &s) != 0) die("fstat");
            if (s.st_dev != r->passed_device[i] || s.st_ino != r->passed_inode[i]) fail("descriptor %zu is another", i);
        }
        if (close(fds[i]) != 0) die("close");
    }
}

/* ---- files ---- */

static int new_named_file(const char *directory) {
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/hop-XXXXXX", directory) >= (int)sizeof path) fail("%s: too long", directory);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) die("a file in %s", directory);
    if (unlink(path) != 0) die("unlink");
    return fd;
}

static int new_file(const struct run *r) {
    if (r->mode == FILE_MEMFD) {
        int fd = memfd_create("hop", MFD_CLOEXEC);
        if (fd < 0) die("memfd_create");
        return fd;
    }
    if (r->options->unlink) return new_named_file(r->options->directory);
    int fd = open(r->options->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) return fd;
    if (errno != EOPNOTSUPP && errno != EISDIR) die("a file in %s", r->options->directory);
    return new_named_file(r->options->directory);
}

static void write_file(int fd, const uint8_t *data, size_t length) {
    while (length > 0) {
        ssize_t n = write(fd, data, length);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) die("write");
        data += n;
        length -= (size_t)n;
    }
}

/* From the front of the file, wherever the sender left its position; returns how much there was, up to length. */
static size_t read_file(int fd, uint8_t *data, size_t length) {
    size_t have = 0;
    while (have < length) {
        ssize_t n = pread(fd, data + have, length - have, (off_t)have);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) die("pread");
        if (n == 0) break;
        have += (size_t)n;
    }
    return have;
}

/* ---- shared memory ---- */

static struct slot *slot_at(const struct run *r, uint32_t number) {
    return (struct slot *)(r->slots + number * r->slot_size);
}

/* Waits for a free slot where all are taken: the socket's own limit makes that rare. */
static uint32_t take_slot(struct run *r, uint32_t *generation) {
    for (;;) {
        for (int tries = 0; tries < SLOTS; tries++) {
            uint32_t number = r->next_slot++ % SLOTS;
            struct slot *s = slot_at(r, number);
            uint32_t now = atomic_load_explicit(&s->generation, memory_order_acquire);
            if (now % 2 != 0) continue;
            *generation = now + 1;
            atomic_store_explicit(&s->generation, *generation, memory_order_relaxed); /* sendmsg orders the rest */
            return number;
        }
        if (sched_yield() != 0) die("sched_yield");
    }
}

static void give_slot_back(struct slot *s, uint32_t generation) {
    atomic_store_explicit(&s->generation, generation + 1, memory_order_release);
}

/* ---- one message, mode by mode ---- */

static void send_one(struct run *r, uint64_t sequence) {
    if (r->mode == SHM) {
        struct ticket t;
        t.slot = take_slot(r, &t.generation);
        write_state(r, slot_at(r, t.slot)->state, sequence);
        atomic_thread_fence(memory_order_release);
        send_message(r, &t, sizeof t, -1);
        return;
    }
    write_state(r, r->state, sequence);
    if (r->mode == INLINE) {
        send_message(r, r->state, r->options->state_size, -1);
        return;
    }
    int fd = new_file(r);
    write_file(fd, r->state, r->options->state_size);
    send_message(r, "", 0, fd);
    if (close(fd) != 0) die("close");
}

static void receive_shm(struct run *r, uint64_t sequence) {
    int fds[MAX_FDS + 1];
    struct ticket t;
    if (receive_message(r, &t, sizeof t, fds, r->options->fds) != sizeof t) fail("a short ticket");
    if (t.slot >= SLOTS) fail("slot %u does not exist", t.slot);
    struct slot *s = slot_at(r, t.slot);
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load_explicit(&s->generation, memory_order_acquire) != t.generation) fail("a stale generation");
    check_state(r, s->state, r->options->state_size, sequence);
    take_passed(r, fds);
    give_slot_back(s, t.generation);
}

static void receive_file(struct run *r, uint64_t sequence) {
    int fds[MAX_FDS + 1];
    uint8_t nothing;
    if (receive_message(r, &nothing, sizeof nothing, fds, r->options->fds + 1) != 0) fail("an unexpected message");
    size_t length = read_file(fds[0], r->state, r->options->state_size);
    if (close(fds[0]) != 0) die("close");
    check_state(r, r->state, length, sequence);
    take_passed(r, fds + 1);
}

static void receive_inline(struct run *r, uint64_t sequence) {
    int fds[MAX_FDS + 1];
    size_t length = receive_message(r, r->state, r->options->state_size, fds, r->options->fds);
    check_state(r, r->state, length, sequence);
    take_passed(r, fds);
}

static void receive_one(struct run *r, uint64_t sequence) {
    if (r->mode == SHM) receive_shm(r, sequence);
    else if (r->mode == INLINE) receive_inline(r, sequence);
    else receive_file(r, sequence);
}

/* ---- the two processes of a run ---- */

static struct usage usage_now(void) {
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u) != 0) die("getrusage");
    return (struct usage){(double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6,
                          (double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec / 1e6};
}

static void meet(struct run *r) { /* both are set up before either starts */
    atomic_fetch_add(&r->shared->arrived, 1);
    while (atomic_load(&r->shared->arrived) < 2)
        if (sched_yield() != 0) die("sched_yield");
}

typedef void (*step)(struct run *r, uint64_t sequence);

static void play(struct run *r, bool sender) {
    step one = sender ? send_one : receive_one;
    struct usage *result = sender ? &r->shared->sender : &r->shared->receiver;
    alarm((unsigned)r->options->timeout); /* a stuck run ends by SIGALRM, and the parent says so */
    if (close(r->sockets[sender ? 1 : 0]) != 0) die("close");
    if (r->mode != SHM) {
        r->state = allocate(1, r->options->state_size);
        fill_body(r->state, r->options->state_size, 0);
    }
    meet(r);
    uint64_t begun = now_ns();
    struct usage before = usage_now();
    for (long long i = 0; i < r->messages; i++) one(r, (uint64_t)i);
    struct usage after = usage_now();
    *result = (struct usage){after.user_s - before.user_s, after.system_s - before.system_s};
    if (!sender) r->shared->wall_s = (double)(now_ns() - begun) / 1e9; /* to the last message received */
    exit(EXIT_OK);
}

static pid_t start_process(struct run *r, bool sender) {
    pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) play(r, sender);
    return pid;
}

/* Waits for both; when one fails the other, which would wait for ever, is ended. */
static bool await(pid_t sender, pid_t receiver) {
    bool good = true;
    for (int left = 2; left > 0; left--) {
        int status;
        pid_t pid = wait(&status);
        if (pid < 0) die("wait");
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
        if (WIFSIGNALED(status) && good)
            fprintf(stderr, "hop: the %s was ended by signal %d\n", pid == sender ? "sender" : "receiver",
                    WTERMSIG(status));
        if (good && left == 2 && kill(pid == sender ? receiver : sender, SIGKILL) != 0) die("kill");
        good = false;
    }
    return good;
}

static void *map_shared(size_t size) {
    void *area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) die("mmap of %zu bytes", size);
    return area;
}

static void make_slots(struct run *r) {
    r->slot_size = (sizeof(struct slot) + r->options->state_size + 63) / 64 * 64;
    r->slots = map_shared(r->slot_size * SLOTS);
    for (uint32_t i = 0; i < SLOTS; i++) fill_body(slot_at(r, i)->state, r->options->state_size, 0);
}

/* Room for the socket's own limit of datagrams, as far as the system lets. */
static void make_sockets(struct run *r) {
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, r->sockets) != 0) die("socketpair");
    if (r->mode != INLINE) return;
    size_t bytes = 16 * (r->options->state_size + 4096);
    int room = bytes > INT_MAX / 2 ? INT_MAX / 2 : (int)bytes;
    if (setsockopt(r->sockets[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room) != 0) die("SO_SNDBUF");
}

static void make_passed(struct run *r) {
    for (size_t i = 0; i < r->options->fds; i++) {
        struct stat s;
        r->passed[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* what the server passes: TCP sockets */
        if (r->passed[i] < 0 || fstat(r->passed[i], &s) != 0) die("socket");
        r->passed_device[i] = s.st_dev;
        r->passed_inode[i] = s.st_ino;
    }
}

static void dispose(struct run *r) {
    if (close(r->sockets[0]) != 0 || close(r->sockets[1]) != 0) die("close");
    for (size_t i = 0; i < r->options->fds; i++)
        if (close(r->passed[i]) != 0) die("close");
    if (r->slots != NULL && munmap(r->slots, r->slot_size * SLOTS) != 0) die("munmap");
    if (munmap(r->shared, sizeof *r->shared) != 0) die("munmap");
}

static struct shared perform(const struct options *o, enum mode mode, long long messages) {
    struct run r = {.options = o, .mode = mode, .messages = messages, .shared = map_shared(sizeof *r.shared)};
    make_sockets(&r);
    make_passed(&r);
    if (mode == SHM) make_slots(&r);
    if (!await(start_process(&r, true), start_process(&r, false))) fail("%s: a process failed", mode_names[mode]);
    struct shared result;
    memcpy(&result, r.shared, sizeof result);
    dispose(&r);
    return result;
}

/* ---- figures ---- */

struct series {
    double user[MAX_RUNS], system[MAX_RUNS], sum[MAX_RUNS], wall[MAX_RUNS];
};

struct figures {
    double user, system, sum, wall;
};

static void keep(struct series *s, long long run, const struct shared *x) {
    s->user[run] = x->sender.user_s + x->receiver.user_s;
    s->system[run] = x->sender.system_s + x->receiver.system_s;
    s->sum[run] = s->user[run] + s->system[run];
    s->wall[run] = x->wall_s;
}

static struct figures condense(struct series *s, long long runs) {
    size_t n = (size_t)runs;
    return (struct figures){median(s->user, n), median(s->system, n), median(s->sum, n), median(s->wall, n)};
}

static void print_json(const struct options *o, const struct figures *f) {
    const char *comma = "";
    printf("{\"state_size\":%zu,\"fds\":%zu,\"messages\":%lld,\"runs\":%lld,\"modes\":{", o->state_size, o->fds,
           o->messages, o->runs);
    for (int m = 0; m < MODES; m++) {
        if (!o->wanted[m]) continue;
        double per = 1e6 / (double)o->messages;
        printf("%s\"%s\":{\"user_s\":%.6f,\"system_s\":%.6f,\"sum_s\":%.6f,\"cpu_us\":%.3f,\"wall_us\":%.3f,\"ratio\":",
               comma, mode_names[m], f[m].user, f[m].system, f[m].sum, f[m].sum * per, f[m].wall * per);
        if (o->wanted[INLINE]) printf("%.3f}", f[m].sum / f[INLINE].sum);
        else printf("null}");
        comma = ",";
    }
    printf("}}\n");
}

static void print_table(const struct options *o, const struct figures *f) {
    printf("%zu bytes of state, %zu descriptors, %lld messages, medians of %lld runs\n", o->state_size, o->fds,
           o->messages, o->runs);
    printf("%-11s %9s %9s %9s %10s %10s %7s\n", "mode", "user s", "system s", "sum s", "CPU us/msg", "wall us/msg",
           "ratio");
    for (int m = 0; m < MODES; m++) {
        if (!o->wanted[m]) continue;
        double per = 1e6 / (double)o->messages;
        printf("%-11s %9.3f %9.3f %9.3f %10.3f %10.3f ", mode_names[m], f[m].user, f[m].system, f[m].sum,
               f[m].sum * per, f[m].wall * per);
        if (o->wanted[INLINE]) printf("%7.3f\n", f[m].sum / f[INLINE].sum);
        else printf("%7s\n", "-");
    }
}

static void measure(const struct options *o) {
    struct series *series = allocate(MODES, sizeof *series);
    struct figures figures[MODES] = {0};
    for (long long run = o->warmup > 0 ? -1 : 0; run < o->runs; run++) {
        for (int m = 0; m < MODES; m++) {
            if (!o->wanted[m]) continue;
            struct shared x = perform(o, (enum mode)m, run < 0 ? o->warmup : o->messages);
            if (run >= 0) keep(&series[m], run, &x);
        }
    }
    for (int m = 0; m < MODES; m++)
        if (o->wanted[m]) figures[m] = condense(&series[m], o->runs);
    (o->json ? print_json : print_table)(o, figures);
    free(series);
}

/* ---- the command line ---- */

static const char help[] =
    "hop [--modes inline,file-fd,file-memfd,shm] [--state-size 112192] [--fds 2] [--messages 1000000] [--runs 10]\n"
    "    [--warmup MESSAGES] [--directory DIR] [--unlink] [--fill] [--checksum] [--copies] [--timeout 600] [--json]\n"
    "--fill rewrites the whole state for every message, not only its 256 bytes of header; --checksum verifies all of it\n"
    "and the identity of the descriptors, not only header, length and count; --unlink makes file-fd open a name and\n"
    "unlink it even where O_TMPFILE works; --copies makes a copy of each descriptor for every message, sends and\n"
    "closes it; otherwise the same ones are sent again and again, as in the article; --warmup (a tenth of the messages) is not counted; --timeout is per run, in\n"
    "seconds. Exit: 0 all messages were right, 1 something failed, 2 wrong usage.\n";

static void parse_modes(struct options *o, char *list) {
    memset(o->wanted, 0, sizeof o->wanted);
    char *rest = NULL;
    for (char *name = strtok_r(list, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
        int m = 0;
        while (m < MODES && strcmp(name, mode_names[m]) != 0) m++;
        if (m == MODES) usage_error("--modes: '%s' is none of inline, file-fd, file-memfd, shm", name);
        o->wanted[m] = true;
    }
}

static const struct option long_options[] = {
    {"modes", required_argument, NULL, 'm'},     {"state-size", required_argument, NULL, 's'},
    {"fds", required_argument, NULL, 'f'},       {"messages", required_argument, NULL, 'n'},
    {"runs", required_argument, NULL, 'r'},      {"warmup", required_argument, NULL, 'w'},
    {"directory", required_argument, NULL, 'd'}, {"timeout", required_argument, NULL, 't'},
    {"unlink", no_argument, NULL, 'u'},          {"fill", no_argument, NULL, 'F'},
    {"checksum", no_argument, NULL, 'C'},        {"copies", no_argument, NULL, 'k'},
    {"json", no_argument, NULL, 'J'},
    {"help", no_argument, NULL, 'h'},            {0},
};

static void take_option(struct options *o, int letter, char *value) {
    switch (letter) {
    case 'm': parse_modes(o, value); break;
    case 's': o->state_size = (size_t)parse_int("--state-size", value, HEADER_BYTES, 16 << 20); break;
    case 'f': o->fds = (size_t)parse_int("--fds", value, 0, MAX_FDS); break;
    case 'n': o->messages = parse_int("--messages", value, 1, 1000000000); break;
    case 'r': o->runs = parse_int("--runs", value, 1, MAX_RUNS); break;
    case 'w': o->warmup = parse_int("--warmup", value, 0, 1000000000); break;
    case 'd': o->directory = value; break;
    case 't': o->timeout = parse_int("--timeout", value, 1, 86400); break;
    case 'u': o->unlink = true; break;
    case 'F': o->fill = true; break;
    case 'C': o->checksum = true; break;
    case 'k': o->copies = true; break;
    case 'J': o->json = true; break;
    case 'h':
        fputs(help, stdout);
        finish_output();
        exit(EXIT_OK);
    default: exit(EXIT_USAGE); /* getopt has said why */
    }
}

int main(int argc, char **argv) {
    set_tool_name("hop");
    const char *temporary = getenv("TMPDIR");
    struct options o = {.wanted = {true, true, true, true}, .state_size = 112192, .fds = 2, .messages = 1000000,
                        .runs = 10, .warmup = -1, .timeout = 600,
                        .directory = temporary != NULL && *temporary ? temporary : "/tmp"};
    int letter;
    while ((letter = getopt_long(argc, argv, "", long_options, NULL)) != -1) take_option(&o, letter, optarg);
    if (optind < argc) usage_error("'%s' is no option; see hop --help", argv[optind]);
    if (o.warmup < 0) o.warmup = o.messages / 10;
    measure(&o);
    finish_output();
    return EXIT_OK;
}
