/* load sessions: short sessions, many at once, one thread, epoll. Each sends 1 to 64 bytes, wants them back, closes;
 * with --blocked it sends nothing and wants to be closed. */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { PAYLOAD_MAX = 64, LEAD_MAX = PROXY_HEADER_LENGTH, EVENTS = 256, CHECK_INTERVAL_MS = 100, PORT_RETRIES = 8 };
enum phase { UNUSED, GREETING, REQUEST, PAYLOAD, BLOCKED };
enum failure { REFUSED, RESET, EARLY_EOF, TIMED_OUT, MISMATCH, NO_PORT, SOCKS_REFUSED, OTHER, FAILURE_KINDS };

static const char *const failure_names[FAILURE_KINDS] = {
    "refused", "reset", "eof", "timeout", "mismatch", "no_port", "socks", "other"};

struct session {
    int fd;
    enum phase phase;
    bool wants_output; /* whether epoll also watches for room to send */
    uint64_t id, started;
    size_t lead, out_length, sent, received; /* lead: of out, what the other end does not see */
    uint8_t out[LEAD_MAX + PAYLOAD_MAX], in[PAYLOAD_MAX + 1];
};

struct run {
    const struct options *options;
    int epoll;
    struct session *sessions;
    uint64_t begun, started, finished, ok;
    uint64_t failures[FAILURE_KINDS];
    int last_error;
    struct samples latency;
};

static enum failure kind_of(int error) {
    switch (error) {
    case ECONNREFUSED: return REFUSED;
    case ECONNRESET:
    case EPIPE: return RESET;
    case ECONNABORTED: return EARLY_EOF;
    case ETIMEDOUT: return TIMED_OUT;
    case EADDRNOTAVAIL:
    case EADDRINUSE: return NO_PORT;
    case EPROTO: return SOCKS_REFUSED;
    default: return OTHER;
    }
}

/* Closing a session drops it from epoll as well; the caller starts the next one in its place. */
static void end_session(struct run *r, struct session *s) {
    if (s->fd >= 0 && close(s->fd) != 0) die("close");
    s->fd = -1;
    s->phase = UNUSED;
    r->finished++;
}

static void end_failed(struct run *r, struct session *s, enum failure kind, int error) {
    r->failures[kind]++;
    if (error != 0) r->last_error = error;
    end_session(r, s);
}

static void end_ok(struct run *r, struct session *s) {
    r->ok++;
    samples_add(&r->latency, now_ns() - s->started);
    end_session(r, s);
}

static void fill_payload(struct session *s) {
    uint64_t seed = mix64(s->id);
    size_t length = 1 + seed % PAYLOAD_MAX;
    for (size_t i = 0; i < length; i += 8) {
        seed = mix64(seed);
        size_t n = length - i < 8 ? length - i : 8;
        memcpy(s->out + s->lead + i, &seed, n);
    }
    s->out_length = s->lead + length;
}

static void enter_phase(struct run *r, struct session *s, enum phase phase) {
    s->phase = phase;
    s->sent = s->received = s->lead = 0;
    if (phase == GREETING) {
        static const uint8_t greeting[SOCKS_GREETING_LENGTH] = {5, 1, 0};
        memcpy(s->out, greeting, sizeof greeting);
        s->out_length = sizeof greeting;
    } else if (phase == REQUEST) {
        s->out_length = socks_request(&r->options->to, s->out);
    } else if (phase == BLOCKED) {
        s->out_length = 0;
    } else {
        if (r->options->proxy) {
            proxy_header(s->out);
            s->lead = PROXY_HEADER_LENGTH;
        }
        fill_payload(s);
    }
}

static void watch_output(struct run *r, struct session *s, bool wanted) {
    if (s->wants_output == wanted) return;
    struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0), .data.ptr = s};
    if (epoll_ctl(r->epoll, EPOLL_CTL_MOD, s->fd, &event) != 0) die("epoll_ctl");
    s->wants_output = wanted;
}

/* Sends what the phase has to send. False: the session failed and is over. */
static bool push(struct run *r, struct session *s) {
    while (s->sent < s->out_length) {
        ssize_t n = send(s->fd, s->out + s->sent, s->out_length - s->sent, MSG_NOSIGNAL);
        if (n >= 0) {
            s->sent += (size_t)n;
        } else if (errno == EAGAIN) {
            return true;
        } else if (errno != EINTR) {
            end_failed(r, s, kind_of(errno), errno);
            return false;
        }
    }
    return true;
}

/* How many bytes the answer of this phase has; one more is read than wanted, so that surplus bytes show. */
static size_t answer_length(const struct session *s) {
    if (s->phase == GREETING) return 2;
    if (s->phase == PAYLOAD) return s->out_length - s->lead;
    size_t length = socks_reply_length(s->in, s->received);
    return length == 0 ? 4 : length;
}

static bool answer_is_right(const struct session *s) {
    if (s->phase == GREETING) return s->in[0] == 5 && s->in[1] == 0;
    if (s->phase == REQUEST) return s->in[1] == 0;
    return memcmp(s->in, s->out + s->lead, s->out_length - s->lead) == 0;
}

/* A whole answer is there. False: the session is over, well or badly. */
static bool answered(struct run *r, struct session *s) {
    if (!answer_is_right(s)) {
        end_failed(r, s, s->phase == PAYLOAD ? MISMATCH : SOCKS_REFUSED, 0);
        return false;
    }
    if (s->phase == PAYLOAD) {
        end_ok(r, s);
        return false;
    }
    enter_phase(r, s, s->phase == GREETING ? REQUEST : PAYLOAD);
    if (!push(r, s)) return false;
    watch_output(r, s, s->sent < s->out_length);
    return true;
}

/* The other side is to close at once and say nothing. */
static void await_close(struct run *r, struct session *s) {
    ssize_t n;
    do {
        n = recv(s->fd, s->in, sizeof s->in, 0);
    } while (n < 0 && errno == EINTR);
    if (n == 0 || (n < 0 && errno == ECONNRESET)) {
        end_ok(r, s);
    } else if (n > 0) {
        end_failed(r, s, MISMATCH, 0);
    } else if (errno != EAGAIN) {
        end_failed(r, s, kind_of(errno), errno);
    }
}

static void pull(struct run *r, struct session *s) {
    if (s->phase == BLOCKED) {
        await_close(r, s);
        return;
    }
    for (;;) {
        size_t wanted = answer_length(s);
        size_t room = wanted - s->received + (s->phase == PAYLOAD ? 1 : 0);
        ssize_t n = recv(s->fd, s->in + s->received, room, 0);
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) end_failed(r, s, kind_of(errno), errno);
            return;
        }
        if (n == 0) {
            end_failed(r, s, EARLY_EOF, 0);
            return;
        }
        s->received += (size_t)n;
        if (s->received > wanted) {
            end_failed(r, s, MISMATCH, 0);
            return;
        }
        if (s->received < answer_length(s)) continue;
        (void)answered(r, s);
        return; /* the next phase's answer comes with the next event */
    }
}

/* Connects; a source address without a free port gives way to the next. */
static int start_connect(struct run *r, uint64_t id) {
    const struct endpoint *hop = first_hop(r->options);
    for (int attempt = 0;; attempt++) {
        int fd = open_socket(r->options, id + (uint64_t)attempt, SOCK_NONBLOCK);
        if (fd < 0) return -1;
        if (connect(fd, (const struct sockaddr *)&hop->address, hop->length) == 0 || errno == EINPROGRESS) return fd;
        int error = errno;
        if (close(fd) != 0) die("close");
        errno = error;
        if (error != EADDRNOTAVAIL || r->options->sources < 2 || attempt == PORT_RETRIES) return -1;
    }
}

static void start_session(struct run *r, struct session *s) {
    s->id = r->started++;
    s->started = now_ns();
    s->fd = start_connect(r, s->id);
    if (s->fd < 0) {
        if (errno == EMFILE || errno == ENFILE) die("too few descriptors for --concurrency");
        end_failed(r, s, kind_of(errno), errno);
        return;
    }
    enter_phase(r, s, r->options->blocked ? BLOCKED : r->options->socks ? GREETING : PAYLOAD);
    /* On loopback the handshake is already done here although connect said EINPROGRESS: this saves a wake-up. */
    if (!push(r, s)) return;
    s->wants_output = s->sent < s->out_length;
    struct epoll_event event = {.events = EPOLLIN | (s->wants_output ? EPOLLOUT : 0), .data.ptr = s};
    if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, s->fd, &event) != 0) die("epoll_ctl");
}

/* How many sessions may have been started by now. */
static uint64_t allowed(const struct run *r) {
    uint64_t count = (uint64_t)r->options->count;
    if (r->options->rate == 0) return count;
    double due = 1 + (double)(now_ns() - r->begun) / 1e9 * (double)r->options->rate;
    return due < (double)count ? (uint64_t)due : count;
}

static void refill(struct run *r, struct session *s) {
    while (s->phase == UNUSED && r->started < allowed(r)) start_session(r, s);
}

static void handle(struct run *r, struct session *s, uint32_t events) {
    if (s->sent < s->out_length) {
        if (!push(r, s)) return;
        watch_output(r, s, s->sent < s->out_length);
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) pull(r, s);
}

static void end_overdue(struct run *r) {
    uint64_t limit = (uint64_t)(r->options->timeout * 1e9), now = now_ns();
    for (long long i = 0; i < r->options->concurrency; i++) {
        struct session *s = &r->sessions[i];
        if (s->phase == UNUSED || now - s->started < limit) continue;
        end_failed(r, s, TIMED_OUT, 0);
        refill(r, s);
    }
}

static void run_all(struct run *r) {
    struct epoll_event events[EVENTS];
    /* With a rate, sessions begin by the clock and not by the end of others. */
    int wait_ms = r->options->rate > 0 ? 1 : CHECK_INTERVAL_MS;
    r->begun = now_ns();
    for (long long i = 0; i < r->options->concurrency; i++) refill(r, &r->sessions[i]);
    uint64_t next_check = now_ns() + CHECK_INTERVAL_MS * 1000000ull;
    while (r->finished < (uint64_t)r->options->count) {
        int n = epoll_wait(r->epoll, events, EVENTS, wait_ms);
        if (n < 0 && errno != EINTR) die("epoll_wait");
        for (int i = 0; i < n; i++) {
            struct session *s = events[i].data.ptr;
            handle(r, s, events[i].events);
            refill(r, s);
        }
        for (long long i = 0; r->options->rate > 0 && i < r->options->concurrency && r->started < allowed(r); i++)
            refill(r, &r->sessions[i]);
        uint64_t now = now_ns();
        if (now < next_check) continue;
        end_overdue(r);
        next_check = now + CHECK_INTERVAL_MS * 1000000ull;
    }
}

static void print_json(const struct run *r, double wall, uint64_t failed) {
    const struct samples *l = &r->latency;
    printf("{\"sessions\":%lld,\"concurrency\":%lld,\"ok\":%llu,\"failed\":%llu,\"failures\":{", r->options->count,
           r->options->concurrency, (unsigned long long)r->ok, (unsigned long long)failed);
    for (int k = 0; k < FAILURE_KINDS; k++)
        printf("%s\"%s\":%llu", k ? "," : "", failure_names[k], (unsigned long long)r->failures[k]);
    printf("},\"wall_s\":%.6f,\"rate\":%.1f,\"latency_us\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,"
           "\"max\":%.1f,\"mean\":%.1f}}\n",
           wall, (double)r->ok / wall, samples_percentile_us(l, 50), samples_percentile_us(l, 90),
           samples_percentile_us(l, 99), samples_percentile_us(l, 99.9), samples_percentile_us(l, 100),
           samples_mean_us(l));
}

static void print_text(const struct run *r, double wall, uint64_t failed) {
    const struct samples *l = &r->latency;
    printf("%llu sessions ok, %llu failed, %lld at once, %.3f s, %.0f sessions/s\n", (unsigned long long)r->ok,
           (unsigned long long)failed, r->options->concurrency, wall, (double)r->ok / wall);
    printf("connect to echo, us: p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f  mean %.1f\n",
           samples_percentile_us(l, 50), samples_percentile_us(l, 90), samples_percentile_us(l, 99),
           samples_percentile_us(l, 99.9), samples_percentile_us(l, 100), samples_mean_us(l));
    for (int k = 0; k < FAILURE_KINDS; k++)
        if (r->failures[k] > 0) printf("failed: %s %llu\n", failure_names[k], (unsigned long long)r->failures[k]);
    if (r->last_error != 0) printf("last error: %s\n", strerror(r->last_error));
}

int run_sessions(const struct options *o) {
    struct run r = {.options = o};
    if ((size_t)o->concurrency + 16 > raise_descriptor_limit())
        fail("--concurrency %lld needs more descriptors than this process may have", o->concurrency);
    r.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (r.epoll < 0) die("epoll_create1");
    r.sessions = allocate((size_t)o->concurrency, sizeof *r.sessions);
    for (long long i = 0; i < o->concurrency; i++) r.sessions[i].fd = -1;
    samples_init(&r.latency, (size_t)o->count);

    uint64_t begun = now_ns();
    run_all(&r);
    double wall = (double)(now_ns() - begun) / 1e9;

    samples_sort(&r.latency);
    uint64_t failed = r.finished - r.ok;
    (o->json ? print_json : print_text)(&r, wall, failed);
    samples_free(&r.latency);
    free(r.sessions);
    if (close(r.epoll) != 0) die("close");
    return failed == 0 ? EXIT_OK : EXIT_FAILED;
}
