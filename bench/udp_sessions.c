/* load udp-queries: new sessions, one question and one answer each, many at once. load udp-exchange: round trips on a live
 * session, one at a time. load udp-hold: many live sessions, kept, then asked again. */
#include "udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 256, LOOK_MS = 100, FLYING = 32, SOURCES = 250 };

/* ---- queries ---- */

struct query {
    int fd;
    uint32_t number;
    uint64_t since;
};

struct queries {
    const struct options *o;
    int epoll;
    struct query *live;
    uint64_t begun, ok, failed;
    uint8_t *payload, *answer;
    struct samples latency;
};

static void ask(struct queries *q, struct query *one) {
    one->number = (uint32_t)q->begun;
    one->fd = open_client(q->o, q->begun++);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
    if (epoll_ctl(q->epoll, EPOLL_CTL_ADD, one->fd, &event) != 0) die("epoll_ctl");
    one->since = now_ns();
    memcpy(q->payload, &(struct head){one->number, ~one->number}, HEAD);
    if (send(one->fd, q->payload, (size_t)q->o->size, 0) < 0) die("send");
}

static void over(struct queries *q, struct query *one, bool good) {
    if (good) samples_add(&q->latency, now_ns() - one->since), q->ok++;
    else q->failed++;
    if (close(one->fd) != 0) die("close");
    one->fd = -1;
    if (q->begun < (uint64_t)q->o->count) ask(q, one);
}

static void answered(struct queries *q, struct query *one) {
    ssize_t n = recv(one->fd, q->answer, LONGEST, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    struct head h = {0};
    if (n >= HEAD) memcpy(&h, q->answer, HEAD);
    over(q, one, n == q->o->size && h.session == one->number && h.number == ~one->number);
}

int run_udp_queries(const struct options *o) {
    size_t slots = (size_t)(o->concurrency < o->count ? o->concurrency : o->count);
    struct queries q = {.o = o, .epoll = epoll_create1(EPOLL_CLOEXEC), .live = allocate(slots, sizeof *q.live),
                        .payload = allocate(1, LONGEST), .answer = allocate(1, LONGEST)};
    if (q.epoll < 0) die("epoll_create1");
    if (o->size < HEAD || o->size > LONGEST) usage_error("--size is from %d to %d for datagrams", HEAD, LONGEST);
    if (slots + 32 > raise_descriptor_limit()) fail("--concurrency %zu needs more descriptors", slots);
    samples_init(&q.latency, (size_t)o->count);
    start_echo(o);
    uint64_t begun = now_ns(), looked = begun, patience = (uint64_t)(o->timeout * 1e9);
    for (size_t i = 0; i < slots; i++) ask(&q, &q.live[i]);
    while (q.ok + q.failed < (uint64_t)o->count) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(q.epoll, events, EVENTS, LOOK_MS);
        for (int i = 0; i < n; i++) answered(&q, events[i].data.ptr);
        if (now_ns() - looked < LOOK_MS * 1000000ULL) continue;
        looked = now_ns();
        for (size_t i = 0; i < slots; i++)
            if (q.live[i].fd >= 0 && looked - q.live[i].since > patience) over(&q, &q.live[i], false);
    }
    double wall = (double)(now_ns() - begun) / 1e9;
    samples_sort(&q.latency);
    printf(o->json ? "{\"ok\":%llu,\"failed\":%llu,\"rate\":%.0f,\"p50\":%.1f,\"p99\":%.1f}\n"
                   : "%llu ok, %llu unanswered; %.0f a second; us: p50 %.1f  p99 %.1f\n",
           (unsigned long long)q.ok, (unsigned long long)q.failed, (double)q.ok / wall,
           samples_percentile_us(&q.latency, 50), samples_percentile_us(&q.latency, 99));
    return q.failed == 0 ? EXIT_OK : EXIT_FAILED;
}

/* ---- exchange ---- */

int run_udp_exchange(const struct options *o) {
    uint8_t *out = allocate(1, LONGEST), *in = allocate(1, LONGEST);
    struct samples s;
    long long lost = 0;
    if (o->size < HEAD || o->size > LONGEST) usage_error("--size is from %d to %d for datagrams", HEAD, LONGEST);
    start_echo(o);
    int fd = open_client(o, 0);
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    samples_init(&s, (size_t)o->count);
    for (long long i = -o->warmup; i < o->count; i++) {
        uint64_t begun = now_ns();
        memcpy(out, &i, sizeof i);
        if (send(fd, out, (size_t)o->size, 0) < 0) die("send");
        bool came = poll(&waiting, 1, (int)(o->timeout * 1e3)) == 1;
        if (!came || recv(fd, in, LONGEST, 0) != o->size || memcmp(in, out, (size_t)o->size) != 0) lost++;
        else if (i >= 0) samples_add(&s, now_ns() - begun);
        if (lost == 10) fail("10 exchanges had no answer, or a wrong one");
    }
    samples_sort(&s);
    double p50 = samples_percentile_us(&s, 50), p99 = samples_percentile_us(&s, 99);
    if (o->json) printf("{\"count\":%zu,\"lost\":%lld,\"p50\":%.1f,\"p99\":%.1f}\n", s.count, lost, p50, p99);
    else printf("%zu exchanges, %lld lost; us: p50 %.1f  p99 %.1f\n", s.count, lost, p50, p99);
    return lost == 0 ? EXIT_OK : EXIT_FAILED;
}

/* ---- hold ---- */

struct hold {
    const struct options *o;
    int epoll;
    int *sockets; /* each is that many clients: it sends from as many addresses of 127/8 */
    uint8_t *seen;
    uint32_t round;
    size_t answers;
};

/* One datagram of client number `index`, from its own address. */
static void say(struct hold *h, size_t index) {
    struct head payload = {(uint32_t)index, h->round};
    struct iovec vector = {.iov_base = &payload, .iov_len = sizeof payload};
    union {
        struct cmsghdr header;
        uint8_t room[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control = {0};
    struct msghdr message = {.msg_name = (void *)&h->o->to.address, .msg_namelen = h->o->to.length, .msg_iov = &vector,
                             .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct in_pktinfo from = {.ipi_spec_dst.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(index % SOURCES))};
    control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof from), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    memcpy(CMSG_DATA(&control.header), &from, sizeof from);
    if (sendmsg(h->sockets[index / SOURCES], &message, 0) < 0) die("sendmsg");
}

static size_t hear(struct hold *h, int milliseconds) {
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(h->epoll, events, EVENTS, milliseconds);
    size_t heard = 0;
    for (int i = 0; i < ready; i++) {
        struct head payload;
        while (recv(h->sockets[events[i].data.u32], &payload, sizeof payload, MSG_DONTWAIT) == (ssize_t)sizeof payload) {
            if (payload.session / SOURCES != events[i].data.u32 || payload.number != h->round) continue;
            heard += h->seen[payload.session] != h->round;
            h->seen[payload.session] = (uint8_t)h->round;
        }
    }
    h->answers += heard;
    return heard;
}

/* Asks each once, a few at a time; how many have answered. */
static size_t ask_all(struct hold *h) {
    size_t count = (size_t)h->o->count;
    h->round++;
    h->answers = 0;
    for (size_t asked = 0, lost = 0; asked < count || h->answers + lost < asked;) {
        while (asked < count && asked - h->answers - lost < FLYING) say(h, asked++);
        if (hear(h, (int)(h->o->timeout * 1e3)) == 0) lost = asked - h->answers;
    }
    return h->answers;
}

int run_udp_hold(const struct options *o) {
    size_t count = (size_t)o->count, sockets = (count + SOURCES - 1) / SOURCES;
    struct hold h = {.o = o, .epoll = epoll_create1(EPOLL_CLOEXEC), .sockets = allocate(sockets, sizeof *h.sockets),
                     .seen = allocate(count, 1)};
    if (h.epoll < 0) die("epoll_create1");
    if (sockets + 32 > raise_descriptor_limit()) fail("--count %zu needs more descriptors", count);
    start_echo(o);
    for (size_t i = 0; i < sockets; i++) {
        struct sockaddr_in any = {.sin_family = AF_INET};
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        h.sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (h.sockets[i] < 0 || bind(h.sockets[i], (struct sockaddr *)&any, sizeof any) != 0) die("socket %zu", i);
        set_room(h.sockets[i]);
        if (epoll_ctl(h.epoll, EPOLL_CTL_ADD, h.sockets[i], &event) != 0) die("epoll_ctl");
    }
    uint64_t begun = now_ns();
    size_t opened = ask_all(&h);
    double opening = (double)(now_ns() - begun) / 1e9;
    fprintf(stderr, "open %zu\n", opened); /* a script measures memory from here on */
    sleep_ns((uint64_t)(o->seconds * 1e9));
    size_t alive = ask_all(&h);
    printf(o->json ? "{\"sessions\":%zu,\"opened\":%zu,\"alive\":%zu,\"opening_s\":%.3f}\n"
                   : "%zu wanted, %zu opened, %zu alive, in %.3f s\n", count, opened, alive, opening);
    return opened == count && alive == count ? EXIT_OK : EXIT_FAILED;
}
