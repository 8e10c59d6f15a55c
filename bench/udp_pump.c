/* load udp-pump: datagrams through a forwarder to a target in this very process, so that each is accounted for: so many in
 * flight, or so many a second; with --direction both and back. One thread, so that the forwarder has a core of its own. */
#include "udp.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { STUCK_MS = 100, EVENTS = 256, SETTLE_MS = 500 };

struct pump {
    const struct options *o;
    int target, epoll;
    int *clients;
    uint32_t *sent_of, *seen_of, *back_of; /* the number of each session's next */
    size_t next;                           /* whose turn it is */
    uint64_t sent, arrived, back, lost, wrong, overtaken;
    struct batch *out, *in;
    bool both;
};

static void check(struct pump *p, const struct mmsghdr *m, const uint8_t *data, uint32_t *next_of) {
    struct head h;
    memcpy(&h, data, sizeof h);
    if (m->msg_len != (unsigned)p->o->size || h.session >= (uint32_t)p->o->streams) p->wrong++;
    else if ((int32_t)(h.number - next_of[h.session]) < 0) p->overtaken++;
    else next_of[h.session] = h.number + 1;
}

static int drain_target(struct pump *p) {
    int all = 0, n;
    do {
        n = batch_receive(p->in, p->target, MSG_DONTWAIT, p->both);
        for (int i = 0; i < n; i++) {
            check(p, &p->in->messages[i], p->in->data + (size_t)i * p->in->room, p->seen_of);
            p->in->vectors[i].iov_len = p->in->messages[i].msg_len;
        }
        if (p->both && n > 0) batch_send(p->in, p->target, n);
        all += n;
    } while (n == BATCH);
    p->arrived += (uint64_t)all;
    return all;
}

static int drain_clients(struct pump *p) {
    struct epoll_event events[EVENTS];
    int all = 0, ready = epoll_wait(p->epoll, events, EVENTS, 0);
    for (int e = 0; e < ready; e++) {
        int n = batch_receive(p->in, events[e].data.fd, MSG_DONTWAIT, false);
        for (int i = 0; i < n; i++)
            check(p, &p->in->messages[i], p->in->data + (size_t)i * p->in->room, p->back_of);
        all += n;
    }
    p->back += (uint64_t)all;
    return all;
}

static uint64_t ended(const struct pump *p) { return (p->both ? p->back : p->arrived) + p->lost; }

/* Sends so many, to the sessions in turn; to a single one with one call. */
static void send_some(struct pump *p, size_t count) {
    size_t streams = (size_t)p->o->streams;
    while (count > 0) {
        size_t now = streams == 1 ? (count < BATCH ? count : BATCH) : 1;
        for (size_t i = 0; i < now; i++) {
            struct head h = {(uint32_t)p->next, p->sent_of[p->next]++};
            memcpy(p->out->data + i * p->out->room, &h, sizeof h);
        }
        if (now > 1) {
            if (batch_send(p->out, p->clients[p->next], (int)now) < (int)now) p->wrong++;
        } else if (send(p->clients[p->next], p->out->data, p->out->room, 0) < 0 && errno != ECONNREFUSED) {
            die("send");
        }
        p->sent += now;
        p->next = (p->next + 1) % streams;
        count -= now;
    }
}

static void take_what_came(struct pump *p, int milliseconds) {
    int came = drain_target(p);
    if (p->both) came += drain_clients(p);
    if (came > 0 || milliseconds == 0) return;
    struct pollfd waiting[] = {{.fd = p->target, .events = POLLIN}, {.fd = p->epoll, .events = POLLIN}};
    if (poll(waiting, p->both ? 2 : 1, milliseconds) == 0 && milliseconds == STUCK_MS) p->lost = p->sent - (ended(p) - p->lost);
}

/* Until `until`, or, with 0, until so many have gone. */
static void pump_for(struct pump *p, uint64_t until, uint64_t count, uint64_t window) {
    uint64_t begun = now_ns(), first = p->sent;
    uint64_t rate = (uint64_t)(until == 0 ? 0 : p->o->rate);
    for (;;) {
        uint64_t now = now_ns(), flying = p->sent - ended(p), room = flying < window ? window - flying : 0;
        if (until != 0 ? now >= until : p->sent - first >= count) break;
        if (rate > 0) {
            uint64_t due = (uint64_t)((double)(now - begun) * 1e-9 * (double)rate) - (p->sent - first);
            room = due < BATCH ? due : BATCH;
        } else if (until == 0 && room > count - (p->sent - first)) {
            room = count - (p->sent - first);
        } else if (room < window / 4) {
            room = 0; /* a few at a time would be more work for who is measured */
        }
        send_some(p, (size_t)room);
        take_what_came(p, rate > 0 ? room == 0 : STUCK_MS);
    }
    uint64_t settled = now_ns() + SETTLE_MS * 1000000ULL;
    while (ended(p) < p->sent && now_ns() < settled) take_what_came(p, 1);
}

int run_udp_pump(const struct options *o) {
    size_t streams = (size_t)o->streams;
    struct pump p = {.o = o, .target = open_target(o), .epoll = epoll_create1(EPOLL_CLOEXEC),
                     .both = strcmp(o->direction, "both") == 0};
    if (o->size < HEAD || o->size > LONGEST) usage_error("--size is from %d to %d for datagrams", HEAD, LONGEST);
    if (p.epoll < 0) die("epoll_create1");
    if (streams + 32 > raise_descriptor_limit()) fail("--streams %zu needs more descriptors", streams);
    p.clients = allocate(streams, sizeof *p.clients);
    p.sent_of = allocate(streams, sizeof *p.sent_of);
    p.seen_of = allocate(streams, sizeof *p.seen_of);
    p.back_of = allocate(streams, sizeof *p.back_of);
    p.out = batch_new((size_t)o->size);
    p.in = batch_new((size_t)o->size + 1);
    for (size_t i = 0; i < streams; i++) {
        p.clients[i] = open_client(o, i);
        set_room(p.clients[i]);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = p.clients[i]};
        if (epoll_ctl(p.epoll, EPOLL_CTL_ADD, p.clients[i], &event) != 0) die("epoll_ctl");
    }
    pump_for(&p, 0, streams, 16); /* each session is made, and then warm */
    pump_for(&p, now_ns() + (uint64_t)o->warmup * 1000000, 0, (uint64_t)o->window);
    uint64_t sent = p.sent, arrived = p.arrived, back = p.back;
    p.lost = sent - (p.both ? back : arrived);
    fprintf(stderr, "begin\n"); /* from here on a script counts the forwarder's time */
    uint64_t begun = now_ns();
    pump_for(&p, begun + (uint64_t)(o->seconds * 1e9), 0, (uint64_t)o->window);
    double took = (double)(now_ns() - begun) / 1e9;
    uint64_t passed = p.arrived - arrived + (p.back - back);
    uint64_t missing = p.sent - sent - (p.both ? p.back - back : p.arrived - arrived);
    printf(o->json ? "{\"sent\":%llu,\"passed\":%llu,\"rate\":%.0f,\"lost\":%llu,\"wrong\":%llu,\"overtaken\":%llu}\n"
                   : "%llu sent; %llu passed on, %.0f a second; %llu lost, %llu wrong, %llu overtaken\n",
           (unsigned long long)(p.sent - sent), (unsigned long long)passed, (double)passed / took,
           (unsigned long long)missing, (unsigned long long)p.wrong, (unsigned long long)p.overtaken);
    return p.wrong == 0 && passed > 0 ? EXIT_OK : EXIT_FAILED;
}
