/* load target: the far end. Echoes, swallows (and says how much arrived) or pours out, edge-triggered epoll. */
#include "load.h"

#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 256, TICK_MS = 100, TURNS = 4, BACKLOG = 4096, ECHO_CHUNK = 64 * 1024 };
enum { ACK_EVERY_BYTES = 16 << 20, ACK_EVERY_NS = 50 * 1000000 };
enum mode { ECHO, SINK, SOURCE };
enum outcome { DRAINED, MORE, OVER }; /* wait for the next edge; ask for another turn; close */

struct connection {
    int fd;
    size_t skipped; /* of --skip */
    uint32_t offset; /* where in the pattern a verified stream starts */
    size_t header_have;
    uint8_t header[PATTERN_HEADER];
    uint64_t position; /* bytes swallowed or poured out */
    uint64_t acked, acked_at;
    uint8_t *pending; /* echo that did not fit into the socket yet */
    size_t pending_from, pending_to;
    struct connection *next, *previous;
};

struct worker {
    const struct options *options;
    enum mode mode;
    int listener, epoll;
    struct connection *connections;
    uint64_t accepted, bytes, wrong;
    uint8_t *buffer;
    pthread_t thread;
};

static atomic_bool stopping;

static void on_signal(int number) {
    (void)number;
    atomic_store(&stopping, true);
}

static enum mode parse_mode(const char *text) {
    if (strcmp(text, "echo") == 0) return ECHO;
    if (strcmp(text, "sink") == 0) return SINK;
    if (strcmp(text, "source") == 0) return SOURCE;
    usage_error("--mode: '%s' is not echo, sink or source", text);
}

/* Puts aside what the socket did not take; nothing more is read until it has gone. */
static void set_aside(struct connection *c, const uint8_t *data, size_t length) {
    if (c->pending == NULL) c->pending = allocate(1, ECHO_CHUNK);
    memcpy(c->pending, data, length);
    c->pending_from = 0;
    c->pending_to = length;
}

static ssize_t send_some(int fd, const void *data, size_t length) {
    ssize_t n;
    do n = send(fd, data, length, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 && errno == EAGAIN ? 0 : n;
}

static ssize_t receive_some(int fd, void *data, size_t length, int flags) {
    ssize_t n;
    do n = recv(fd, data, length, flags);
    while (n < 0 && errno == EINTR);
    return n;
}

/* True when nothing is left aside. */
static bool flush_pending(struct connection *c, bool *broken) {
    if (c->pending_from == c->pending_to) return true;
    ssize_t n = send_some(c->fd, c->pending + c->pending_from, c->pending_to - c->pending_from);
    *broken = n < 0;
    if (n > 0) c->pending_from += (size_t)n;
    return c->pending_from == c->pending_to;
}

/* How much of what came is still of the front that nobody is to hear of. */
static size_t to_skip(const struct worker *w, struct connection *c, size_t length) {
    size_t left = (size_t)w->options->skip - c->skipped, n = left < length ? left : length;
    c->skipped += n;
    return n;
}

/* A short read means that the socket is empty, unless the end of the stream is already known to wait behind it. */
static enum outcome echo(struct worker *w, struct connection *c, bool end_seen) {
    bool broken = false;
    for (int turn = 0; turn < TURNS; turn++) {
        if (!flush_pending(c, &broken)) return broken ? OVER : DRAINED;
        ssize_t n = receive_some(c->fd, w->buffer, ECHO_CHUNK, 0);
        if (n == 0) return OVER;
        if (n < 0) return errno == EAGAIN ? DRAINED : OVER;
        w->bytes += (uint64_t)n;
        size_t from = to_skip(w, c, (size_t)n);
        ssize_t left = n - (ssize_t)from, sent = left == 0 ? 0 : send_some(c->fd, w->buffer + from, (size_t)left);
        if (sent < 0) return OVER;
        if (sent < left) set_aside(c, w->buffer + from + sent, (size_t)(left - sent));
        else if (n < ECHO_CHUNK && !end_seen) return DRAINED;
    }
    return MORE;
}

static bool acknowledge(struct connection *c, bool last) {
    uint64_t now = now_ns();
    if (!last && c->position - c->acked < ACK_EVERY_BYTES && now - c->acked_at < ACK_EVERY_NS) return true;
    uint64_t wire = htole64(c->position);
    ssize_t n = send_some(c->fd, &wire, sizeof wire);
    if (n != 0 && n != (ssize_t)sizeof wire) return false; /* 0: the client does not read; the next one will tell */
    c->acked = c->position;
    c->acked_at = now;
    return true;
}

/* Takes the header off the front of what came; returns how many bytes it was. */
static size_t take_header(struct connection *c, const uint8_t *data, size_t length) {
    size_t n = PATTERN_HEADER - c->header_have;
    if (n > length) n = length;
    memcpy(c->header + c->header_have, data, n);
    c->header_have += n;
    uint32_t wire;
    memcpy(&wire, c->header, sizeof wire);
    c->offset = le32toh(wire) % PATTERN_PERIOD;
    return n;
}

static bool swallow(struct worker *w, struct connection *c, size_t length) {
    size_t from = 0;
    if (w->options->verify) {
        from = take_header(c, w->buffer, length);
        if (memcmp(w->buffer + from, pattern_at(c->offset + c->position), length - from) != 0) {
            w->wrong++;
            return false;
        }
    }
    c->position += length - from;
    w->bytes += length - from;
    return acknowledge(c, false);
}

static enum outcome sink(struct worker *w, struct connection *c) {
    for (int turn = 0; turn < TURNS; turn++) {
        ssize_t n = receive_some(c->fd, w->buffer, STREAM_CHUNK, w->options->verify ? 0 : MSG_TRUNC);
        if (n < 0) return errno == EAGAIN ? DRAINED : OVER;
        if (n == 0) {
            (void)acknowledge(c, true); /* where it cannot be sent the client finds out by itself */
            return OVER;
        }
        if (!swallow(w, c, (size_t)n)) return OVER;
    }
    return MORE;
}

static enum outcome source(struct worker *w, struct connection *c) {
    for (int turn = 0; turn < TURNS; turn++) {
        ssize_t n = send(c->fd, pattern_at(c->offset + c->position), STREAM_CHUNK, MSG_NOSIGNAL);
        if (n < 0) return errno == EAGAIN ? DRAINED : errno == EINTR ? MORE : OVER;
        c->position += (uint64_t)n;
        w->bytes += (uint64_t)n;
    }
    return MORE;
}

static void watch(struct worker *w, struct connection *c, int operation) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = c};
    if (w->mode != SINK) event.events |= EPOLLOUT;
    if (epoll_ctl(w->epoll, operation, c->fd, &event) != 0) die("epoll_ctl");
}

/* Closing on unread or wrong bytes makes it a reset, so that the client sees that something was amiss. */
static void close_connection(struct worker *w, struct connection *c) {
    if (c->next) c->next->previous = c->previous;
    if (c->previous) c->previous->next = c->next;
    else w->connections = c->next;
    if (close(c->fd) != 0 && errno != ECONNRESET) die("close");
    free(c->pending);
    free(c);
}

static void serve(struct worker *w, struct connection *c, uint32_t events) {
    bool gone = events & EPOLLERR, end_seen = events & (EPOLLRDHUP | EPOLLHUP);
    enum outcome outcome = gone                          ? OVER
                           : w->mode == ECHO             ? echo(w, c, end_seen)
                           : w->mode == SINK             ? sink(w, c)
                           : end_seen                    ? OVER
                                                         : source(w, c);
    if (outcome == OVER) close_connection(w, c);
    else if (outcome == MORE) watch(w, c, EPOLL_CTL_MOD); /* re-arms the edge: the others come first */
}

static bool send_header(const struct worker *w, struct connection *c) {
    if (w->mode != SOURCE || !w->options->verify) return true;
    c->offset = (uint32_t)(mix64(w->accepted + 1000003) % PATTERN_PERIOD);
    uint32_t wire = htole32(c->offset);
    return send_some(c->fd, &wire, sizeof wire) == (ssize_t)sizeof wire;
}

static void welcome(struct worker *w, int fd) {
    struct connection *c = allocate(1, sizeof *c);
    c->fd = fd;
    c->acked_at = now_ns();
    c->next = w->connections;
    if (c->next) c->next->previous = c;
    w->connections = c;
    w->accepted++;
    if (send_header(w, c)) watch(w, c, EPOLL_CTL_ADD);
    else close_connection(w, c);
}

/* Has the kernel send like a line of that speed would. */
static void pace(const struct worker *w, int fd) {
    uint64_t rate = (uint64_t)w->options->rate;
    if (rate > 0 && setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof rate) != 0) die("SO_MAX_PACING_RATE");
}

/* A full batch may leave clients waiting: the listener is level-triggered and comes again. */
static void accept_some(struct worker *w) {
    for (int i = 0; i < EVENTS; i++) {
        int fd = accept4(w->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            pace(w, fd);
            welcome(w, fd);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            sleep_ns(1000000); /* clients wait in the backlog until descriptors are free */
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            die("accept");
        }
    }
}

static void *work(void *argument) {
    struct worker *w = argument;
    struct epoll_event events[EVENTS];
    while (!atomic_load(&stopping)) {
        int n = epoll_wait(w->epoll, events, EVENTS, TICK_MS);
        if (n < 0 && errno != EINTR) die("epoll_wait");
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL) accept_some(w);
            else serve(w, events[i].data.ptr, events[i].events);
        }
    }
    while (w->connections) close_connection(w, w->connections);
    return NULL;
}

/* One listening socket per thread on the same port; accepted sockets inherit its TCP_NODELAY. */
static int listen_on(uint16_t *port, bool shared, bool any) {
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(any ? INADDR_ANY : INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        die("setsockopt");
    if (bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, BACKLOG) != 0) die("port %u", *port);
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) die("getsockname");
    *port = ntohs(address.sin_port);
    return fd;
}

static void prepare(struct worker *w, const struct options *o, uint16_t *port) {
    *w = (struct worker){.options = o, .mode = parse_mode(o->mode), .listener = listen_on(port, o->threads > 1, o->any)};
    w->buffer = allocate(1, STREAM_CHUNK);
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (w->epoll < 0) die("epoll_create1");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->listener, &event) != 0) die("epoll_ctl");
}

static void dispose(struct worker *w) {
    if (close(w->epoll) != 0 || close(w->listener) != 0) die("close");
    free(w->buffer);
}

static void catch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal};
    if (sigaction(SIGTERM, &action, NULL) != 0 || sigaction(SIGINT, &action, NULL) != 0 ||
        sigaction(SIGALRM, &action, NULL) != 0)
        die("sigaction");
}

static void set_end(double seconds) {
    struct itimerspec when = {.it_value = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)}};
    timer_t timer;
    if (timer_create(CLOCK_MONOTONIC, NULL, &timer) != 0 || timer_settime(timer, 0, &when, NULL) != 0) die("timer");
}

int run_target(const struct options *o) {
    size_t n = (size_t)o->threads;
    uint16_t port = (uint16_t)o->port;
    uint64_t accepted = 0, bytes = 0, wrong = 0;
    raise_descriptor_limit();
    pattern_init();
    catch_signals();
    struct worker *workers = allocate(n, sizeof *workers);
    for (size_t i = 0; i < n; i++) prepare(&workers[i], o, &port);
    if (o->seconds > 0) set_end(o->seconds);
    printf("ready %u\n", port);
    finish_output();

    for (size_t i = 1; i < n; i++)
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) fail("no thread");
    work(&workers[0]);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && pthread_join(workers[i].thread, NULL) != 0) fail("no end of a thread");
        accepted += workers[i].accepted;
        bytes += workers[i].bytes;
        wrong += workers[i].wrong;
        dispose(&workers[i]);
    }
    free(workers);
    printf("accepted %llu, bytes %llu, wrong %llu\n", (unsigned long long)accepted, (unsigned long long)bytes,
           (unsigned long long)wrong);
    return wrong == 0 ? EXIT_OK : EXIT_FAILED;
}
