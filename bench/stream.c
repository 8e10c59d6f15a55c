/*
 * load stream: bytes per second through N sessions, one thread, epoll.
 *
 * up (target --mode sink): what counts is what arrived, as the sink's acknowledgements say (8 bytes every 16 MiB or
 * 50 ms), so that neither buffers nor a proxy without half-close spoil the figure. down (--mode source): what is read
 * here. both (--mode echo): what comes back; every byte has passed the proxy twice.
 *
 * With --settle S the first S seconds are not counted, and what comes is divided by the time measured and not by when
 * the last byte came: for rates that must hold. Acknowledgements are up to 50 ms old, so `down` is the exact one.
 */
#include "load.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 64, TICK_MS = 50 };
enum direction { UP, DOWN, BOTH };

struct stream {
    int fd;
    uint32_t offset;               /* where in the pattern this stream starts */
    uint64_t sent, received;       /* pattern bytes */
    uint64_t arrived, arrived_at;  /* counted before the deadline, and when the last of them came */
    uint64_t unsettled;            /* of these, what came while the streams settled */
    uint64_t final_ack;
    uint8_t ack[ACK_BYTES];
    size_t ack_have;
    bool finishing, bad;
};

struct run {
    const struct options *options;
    enum direction direction;
    struct stream *streams;
    size_t open;
    int epoll;
    uint64_t begun, settled, deadline;
    uint8_t *buffer;
    int last_error;
};

static enum direction parse_direction(const char *text) {
    if (strcmp(text, "up") == 0) return UP;
    if (strcmp(text, "down") == 0) return DOWN;
    if (strcmp(text, "both") == 0) return BOTH;
    usage_error("--direction: '%s' is not up, down or both", text);
}

/* A verified stream says in its first four bytes where in the pattern it starts, so that mixed-up streams show. */
static void exchange_offset(const struct run *r, struct stream *s, size_t number) {
    s->offset = (uint32_t)(mix64(number) % PATTERN_PERIOD);
    if (!r->options->verify || r->direction == BOTH) return;
    uint32_t wire = htole32(s->offset);
    if (r->direction == UP) {
        if (!send_all(s->fd, &wire, sizeof wire)) die("stream %zu", number);
    } else {
        if (!receive_all(s->fd, &wire, sizeof wire)) die("stream %zu", number);
        s->offset = le32toh(wire);
    }
}

static void open_stream(struct run *r, struct stream *s, size_t number) {
    s->fd = dial(r->options, number);
    if (s->fd < 0) die("connecting stream %zu", number);
    exchange_offset(r, s, number);
    int flags = fcntl(s->fd, F_GETFL);
    if (flags < 0 || fcntl(s->fd, F_SETFL, flags | O_NONBLOCK) != 0) die("fcntl");
    struct epoll_event event = {.events = EPOLLIN | (r->direction == DOWN ? 0 : EPOLLOUT), .data.ptr = s};
    if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, s->fd, &event) != 0) die("epoll_ctl");
    r->open++;
}

static void close_stream(struct run *r, struct stream *s) {
    if (close(s->fd) != 0) die("close");
    s->fd = -1;
    r->open--;
}

static void spoil(struct run *r, struct stream *s, int error) {
    s->bad = true;
    if (error != 0) r->last_error = error;
    close_stream(r, s);
}

static void count_arrived(struct run *r, struct stream *s, uint64_t total) {
    uint64_t now = now_ns();
    if (now > r->deadline) return;
    s->arrived = total;
    s->arrived_at = now;
    if (now < r->settled) s->unsettled = total;
}

static bool push(struct run *r, struct stream *s) {
    ssize_t n = send(s->fd, pattern_at(s->offset + s->sent), STREAM_CHUNK, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        spoil(r, s, errno);
        return false;
    }
    if (n > 0) s->sent += (uint64_t)n;
    return true;
}

/* Before the deadline no stream may end; after it the ends are what is waited for. */
static void ended(struct run *r, struct stream *s, int error) {
    if (s->finishing)
        close_stream(r, s);
    else
        spoil(r, s, error == 0 ? ECONNABORTED : error);
}

static void pull_ack(struct run *r, struct stream *s) {
    for (;;) {
        ssize_t n = recv(s->fd, s->ack + s->ack_have, sizeof s->ack - s->ack_have, 0);
        if (n <= 0) {
            if (n == 0 || (errno != EAGAIN && errno != EINTR)) ended(r, s, n == 0 ? 0 : errno);
            return;
        }
        s->ack_have += (size_t)n;
        if (s->ack_have < sizeof s->ack) continue;
        uint64_t total;
        memcpy(&total, s->ack, sizeof total);
        s->final_ack = le64toh(total);
        s->ack_have = 0;
        count_arrived(r, s, s->final_ack);
    }
}

/* Unverified bytes are dropped in the kernel (MSG_TRUNC), so that reading costs the machine as little as it can. */
static void pull_data(struct run *r, struct stream *s) {
    bool verify = r->options->verify;
    ssize_t n = recv(s->fd, r->buffer, STREAM_CHUNK, verify ? 0 : MSG_TRUNC);
    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) ended(r, s, n == 0 ? 0 : errno);
        return;
    }
    if (verify && memcmp(r->buffer, pattern_at(s->offset + s->received), (size_t)n) != 0) {
        spoil(r, s, EBADMSG);
        return;
    }
    s->received += (uint64_t)n;
    s->final_ack = s->received;
    count_arrived(r, s, s->received);
}

static void handle(struct run *r, struct stream *s, uint32_t events) {
    if ((events & EPOLLOUT) && !s->finishing && !push(r, s)) return;
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
    if (r->direction == UP)
        pull_ack(r, s);
    else
        pull_data(r, s);
}

/* At the deadline: senders half-close and wait for the rest; readers of an endless source just leave. */
static void finish_stream(struct run *r, struct stream *s) {
    if (s->fd < 0) return;
    s->finishing = true;
    if (r->direction == DOWN) {
        close_stream(r, s);
        return;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
    if (epoll_ctl(r->epoll, EPOLL_CTL_MOD, s->fd, &event) != 0) die("epoll_ctl");
    if (shutdown(s->fd, SHUT_WR) != 0) spoil(r, s, errno);
}

static void pump(struct run *r, uint64_t until) {
    struct epoll_event events[EVENTS];
    while (r->open > 0 && now_ns() < until) {
        int n = epoll_wait(r->epoll, events, EVENTS, TICK_MS);
        if (n < 0 && errno != EINTR) die("epoll_wait");
        for (int i = 0; i < n; i++) handle(r, events[i].data.ptr, events[i].events);
    }
}

struct result {
    double rate, jain;
    uint64_t arrived, moved;
    size_t complete, bad;
};

static struct result evaluate(const struct run *r) {
    struct result result = {0};
    double squares = 0;
    size_t n = (size_t)r->options->streams;
    for (size_t i = 0; i < n; i++) {
        const struct stream *s = &r->streams[i];
        uint64_t until = r->options->settle > 0 ? r->deadline : s->arrived_at;
        uint64_t counted = s->arrived - s->unsettled;
        double rate = counted == 0 ? 0 : (double)counted / ((double)(until - r->settled) / 1e9);
        result.rate += rate;
        squares += rate * rate;
        result.arrived += counted;
        result.moved += s->sent + s->received;
        if (s->bad) result.bad++;
        else if (r->direction == DOWN || s->final_ack == s->sent) result.complete++;
    }
    result.jain = squares == 0 ? 0 : result.rate * result.rate / ((double)n * squares);
    return result;
}

static void print_result(const struct run *r, const struct result *x) {
    const struct options *o = r->options;
    if (o->each)
        for (size_t i = 0; i < (size_t)o->streams; i++)
            fprintf(stderr, "stream %zu: %llu bytes\n", i,
                    (unsigned long long)(r->streams[i].arrived - r->streams[i].unsettled));
    if (o->json)
        printf("{\"streams\":%lld,\"direction\":\"%s\",\"seconds\":%g,\"bytes\":%llu,\"bytes_moved\":%llu,"
               "\"bytes_per_s\":%.0f,\"jain\":%.4f,\"complete\":%zu,\"failed\":%zu}\n",
               o->streams, o->direction, o->seconds, (unsigned long long)x->arrived, (unsigned long long)x->moved,
               x->rate, x->jain, x->complete, x->bad);
    else
        printf("%lld streams %s, %g s: %.3f GB/s (%.2f Gbit/s), Jain %.4f, %zu complete to the last byte, %zu failed\n",
               o->streams, o->direction, o->seconds, x->rate / 1e9, x->rate * 8 / 1e9, x->jain, x->complete, x->bad);
    if (x->bad > 0) fprintf(stderr, "load: %zu streams failed, the last with: %s\n", x->bad, strerror(r->last_error));
}

int run_stream(const struct options *o) {
    struct run r = {.options = o, .direction = parse_direction(o->direction)};
    size_t n = (size_t)o->streams;
    if (n + 16 > raise_descriptor_limit()) fail("--streams %zu needs more descriptors than there may be", n);
    pattern_init();
    r.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (r.epoll < 0) die("epoll_create1");
    r.streams = allocate(n, sizeof *r.streams);
    r.buffer = allocate(1, STREAM_CHUNK);
    for (size_t i = 0; i < n; i++) open_stream(&r, &r.streams[i], i);

    r.begun = now_ns();
    r.settled = r.begun + (uint64_t)(o->settle * 1e9);
    r.deadline = r.settled + (uint64_t)(o->seconds * 1e9);
    pump(&r, r.deadline);
    for (size_t i = 0; i < n; i++) finish_stream(&r, &r.streams[i]);
    pump(&r, r.deadline + (uint64_t)(o->timeout * 1e9));
    for (size_t i = 0; i < n; i++)
        if (r.streams[i].fd >= 0) close_stream(&r, &r.streams[i]);

    struct result x = evaluate(&r);
    print_result(&r, &x);
    if (close(r.epoll) != 0) die("close");
    free(r.streams);
    free(r.buffer);
    return x.bad == 0 && x.arrived > 0 && (!o->verify || x.complete == n) ? EXIT_OK : EXIT_FAILED;
}
