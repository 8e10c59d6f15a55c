/*
 * manager: plays a service manager's part in restarts (sd_notify(3): FDSTORE=1, READY=1; LISTEN_FDS), and measures how long new
 * clients wait meanwhile. Clients come one after the other, each at its time, whether the one before was served or not; each
 * connects, sends a byte and waits for it to come back. One session lives from before the first restart to the end.
 */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_KEPT = 64, MOST_CLIENTS = 1 << 14, LONGEST_NAME = 256 };

static struct options to; /* what dial() wants to know */

/* --- what is kept for the service --- */

static struct {
    int fd;
    char name[LONGEST_NAME];
} kept[MOST_KEPT];
static int kept_count;
static int notify_fd;
static char notify_name[64];

static void open_notify_socket(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(notify_name, sizeof notify_name, "@bouncer-bench-%d", (int)getpid());
    memcpy(address.sun_path + 1, notify_name + 1, (size_t)length - 1);
    notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length);
    if (notify_fd < 0 || bind(notify_fd, (struct sockaddr *)&address, size) != 0) die("notify socket");
}

static void forget(const char *name) {
    for (int i = 0; i < kept_count; i++) {
        if (strcmp(kept[i].name, name) != 0) continue;
        close(kept[i].fd);
        kept[i--] = kept[--kept_count];
    }
}

/* Takes one message; says whether it was READY=1. */
static bool take_message(void) {
    char text[4096];
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec vector = {text, sizeof text - 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t length = recvmsg(notify_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (length < 0) return false;
    text[length] = '\0';
    int fd = -1;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head != NULL && head->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(head), sizeof fd);
    bool ready = false, store = false, drop = false;
    char name[LONGEST_NAME] = "stored";
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        ready |= strcmp(line, "READY=1") == 0;
        store |= strcmp(line, "FDSTORE=1") == 0;
        drop |= strcmp(line, "FDSTOREREMOVE=1") == 0;
        if (strncmp(line, "FDNAME=", 7) == 0) snprintf(name, sizeof name, "%.250s", line + 7);
    }
    if (drop) forget(name);
    if (store && fd >= 0 && kept_count < MOST_KEPT) {
        kept[kept_count].fd = fd;
        memcpy(kept[kept_count++].name, name, sizeof name);
    } else if (fd >= 0) {
        close(fd);
    }
    return ready;
}

/* In the child: what is kept becomes descriptors 3 and up. */
static void become(char **command) {
    static char names[MOST_KEPT * LONGEST_NAME];
    char number[32];
    int moved[MOST_KEPT];
    for (int i = 0; i < kept_count; i++) {
        moved[i] = fcntl(kept[i].fd, F_DUPFD_CLOEXEC, 3 + MOST_KEPT);
        if (i > 0) strcat(names, ":");
        strcat(names, kept[i].name);
    }
    for (int i = 0; i < kept_count; i++) dup2(moved[i], 3 + i);
    signal(SIGPIPE, SIG_DFL);
    setenv("NOTIFY_SOCKET", notify_name, 1);
    if (kept_count > 0) {
        snprintf(number, sizeof number, "%d", kept_count);
        setenv("LISTEN_FDS", number, 1);
        setenv("LISTEN_FDNAMES", names, 1);
        snprintf(number, sizeof number, "%d", (int)getpid());
        setenv("LISTEN_PID", number, 1);
    }
    execv(command[0], command);
    die("%s", command[0]);
}

static pid_t start(char **command) {
    pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) become(command);
    return pid;
}

static void await_ready(pid_t pid) {
    struct pollfd poller = {.fd = notify_fd, .events = POLLIN};
    while (!take_message()) {
        if (waitpid(pid, NULL, WNOHANG) == pid) fail("the service ended before it was ready");
        poll(&poller, 1, 100);
    }
}

/* Until the process has ended; what it gives into keeping is taken meanwhile. */
static void await_end(pid_t pid) {
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0) die("pidfd_open");
    struct pollfd pollers[] = {{.fd = notify_fd, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};
    do {
        if (poll(pollers, 2, -1) < 0) continue;
        while (poll(pollers, 1, 0) > 0) take_message();
    } while ((pollers[1].revents & POLLIN) == 0);
    close(pidfd);
    waitpid(pid, NULL, 0);
}

/* --- clients --- */

struct client {
    int fd;
    bool sent;
    uint64_t came;
};

static struct {
    pthread_mutex_t lock;
    struct client all[MOST_CLIENTS];
    int epoll;
    uint64_t gap, next, longest, first_failure;
    long count, failed, waiting;
} clients = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void done(struct client *c, bool well) {
    uint64_t waited = now_ns() - c->came;
    close(c->fd);
    c->fd = -1;
    pthread_mutex_lock(&clients.lock);
    clients.waiting--;
    clients.count++;
    if (!well) clients.failed++;
    if (waited > clients.longest) clients.longest = waited;
    pthread_mutex_unlock(&clients.lock);
}

static void come(void) {
    static int next;
    struct client *c = &clients.all[next];
    next = (next + 1) % MOST_CLIENTS;
    if (c->fd >= 0) fail("more than %d clients wait", MOST_CLIENTS);
    *c = (struct client){.fd = open_socket(&to, 0, SOCK_NONBLOCK), .came = now_ns()};
    pthread_mutex_lock(&clients.lock);
    clients.waiting++;
    pthread_mutex_unlock(&clients.lock);
    if (c->fd < 0) die("socket");
    if (connect(c->fd, (struct sockaddr *)&to.to.address, to.to.length) != 0 && errno != EINPROGRESS) {
        done(c, false);
        return;
    }
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};
    if (epoll_ctl(clients.epoll, EPOLL_CTL_ADD, c->fd, &event) != 0) die("epoll_ctl");
}

static void go_on(struct client *c) {
    char byte = 'b';
    if (!c->sent) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        if (send(c->fd, &byte, 1, MSG_NOSIGNAL) != 1) done(c, false);
        else if (epoll_ctl(clients.epoll, EPOLL_CTL_MOD, c->fd, &event) != 0) die("epoll_ctl");
        c->sent = true;
    } else {
        done(c, recv(c->fd, &byte, 1, 0) == 1);
    }
}

static void *run_clients(void *unused) {
    struct epoll_event events[64];
    for (int i = 0; i < MOST_CLIENTS; i++) clients.all[i].fd = -1;
    for (uint64_t next = now_ns();; next += clients.gap) {
        while (now_ns() < next) {
            int left = (int)((next - now_ns()) / 1000000 + 1);
            int n = epoll_wait(clients.epoll, events, 64, left);
            for (int i = 0; i < n; i++) go_on(events[i].data.ptr);
        }
        come();
    }
    return unused;
}

/* Begins a new longest wait; clients that wait now count into it. */
static void forget_waits(void) {
    pthread_mutex_lock(&clients.lock);
    clients.longest = 0;
    clients.count = clients.failed = 0;
    pthread_mutex_unlock(&clients.lock);
}

/* --- restarts --- */

static void echo_on(int fd) {
    char byte = 'l';
    if (!send_all(fd, &byte, 1) || !receive_all(fd, &byte, 1)) die("the session that lives has not outlived a restart");
}

static pid_t restart(pid_t pid, char **command, int signal_number, uint64_t *ended, uint64_t *ready) {
    kill(pid, signal_number);
    if (signal_number == SIGTERM) {
        await_end(pid);
        *ended = now_ns();
        pid = start(command);
        await_ready(pid);
        *ready = now_ns();
    }
    return pid;
}

int main(int argc, char **argv) {
    set_tool_name("manager");
    to = (struct options){.timeout = 60, .sources = 1};
    clients.gap = 20000000;
    long long rounds = 9;
    int signal_number = SIGTERM, letter;
    double settle = 3;
    while ((letter = getopt(argc, argv, "+t:n:g:us:")) != -1) {
        switch (letter) {
        case 't': to.to = parse_endpoint("-t", optarg), to.has_to = true; break;
        case 'n': rounds = parse_int("-n", optarg, 1, 1000); break;
        case 'g': clients.gap = (uint64_t)parse_int("-g", optarg, 1, 1000) * 1000000; break;
        case 's': settle = parse_seconds("-s", optarg); break;
        case 'u': signal_number = SIGUSR2; break;
        default: usage_error("manager -t HOST:PORT [-n ROUNDS] [-g MS] [-s SECONDS] [-u] -- COMMAND…");
        }
    }
    if (!to.has_to || optind == argc) usage_error("an address and a command are needed");
    signal(SIGPIPE, SIG_IGN);
    open_notify_socket();
    char **command = argv + optind;
    pid_t pid = start(command);
    await_ready(pid);
    sleep_ns((uint64_t)(settle * 1e9));
    int staying = dial(&to, 0);
    if (staying < 0) die("the first session");
    echo_on(staying);
    clients.epoll = epoll_create1(EPOLL_CLOEXEC);
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_clients, NULL) != 0) die("pthread_create");
    sleep_ns(1000000000);
    int status = EXIT_OK;
    for (long long i = 0; i < rounds; i++) {
        forget_waits();
        uint64_t asked = now_ns(), ended = asked, ready = asked;
        pid = restart(pid, command, signal_number, &ended, &ready);
        sleep_ns((uint64_t)(settle * 1e9));
        for (int each = 0; each < 600 && clients.waiting > 2; each++) sleep_ns(100000000);
        echo_on(staying);
        pthread_mutex_lock(&clients.lock);
        printf("{\"stop_ms\":%.1f,\"start_ms\":%.1f,\"longest_ms\":%.1f,\"clients\":%ld,\"failed\":%ld}\n",
               (double)(ended - asked) / 1e6, (double)(ready - ended) / 1e6, (double)clients.longest / 1e6, clients.count,
               clients.failed);
        if (clients.failed > 0) status = EXIT_FAILED;
        pthread_mutex_unlock(&clients.lock);
        fflush(stdout);
    }
    close(staying);
    kill(pid, SIGTERM);
    await_end(pid);
    finish_output();
    return status;
}
