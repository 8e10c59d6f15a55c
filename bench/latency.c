/* load latency, load echo, load wait: one thing at a time, blocking calls, so that nothing but the path is timed. */
#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_BYTES = 16, WAIT_STEP_NS = 500000 };

static void print_samples(const struct options *o, const char *what, struct samples *s, long long failed) {
    samples_sort(s);
    double p50 = samples_percentile_us(s, 50), p90 = samples_percentile_us(s, 90), p99 = samples_percentile_us(s, 99);
    double max = samples_percentile_us(s, 100), mean = samples_mean_us(s);
    if (o->json)
        printf("{\"count\":%zu,\"failed\":%lld,\"latency_us\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f,"
               "\"mean\":%.1f}}\n",
               s->count, failed, p50, p90, p99, max, mean);
    else
        printf("%zu %s, %lld failed, us: p50 %.1f  p90 %.1f  p99 %.1f  max %.1f  mean %.1f\n", s->count, what, failed,
               p50, p90, p99, max, mean);
}

/* One round trip of `length` bytes; a wrong echo is EBADMSG. */
static bool round_trip(int fd, uint8_t *out, uint8_t *in, size_t length, uint64_t number) {
    memcpy(out, &number, length < sizeof number ? length : sizeof number);
    if (!send_all(fd, out, length) || !receive_all(fd, in, length)) return false;
    if (memcmp(out, in, length) == 0) return true;
    errno = EBADMSG;
    return false;
}

/* The close is not timed: it belongs to no one's wait. */
static bool timed_session(const struct options *o, uint64_t number, uint64_t *took) {
    uint8_t out[FIRST_BYTES] = {0}, in[FIRST_BYTES];
    uint64_t begun = now_ns();
    int fd = dial(o, number);
    if (fd < 0) return false;
    bool good = round_trip(fd, out, in, sizeof out, number);
    int error = errno;
    *took = now_ns() - begun;
    if (close(fd) != 0) die("close");
    errno = error;
    return good;
}

int run_latency(const struct options *o) {
    struct samples s;
    samples_init(&s, (size_t)o->count);
    long long failed = 0;
    int last_error = 0;
    for (long long i = -o->warmup; i < o->count; i++) {
        uint64_t took;
        if (!timed_session(o, (uint64_t)(i + o->warmup), &took)) {
            last_error = errno;
            if (++failed == 100) break;
        } else if (i >= 0) {
            samples_add(&s, took);
        }
    }
    if (failed > 0) fprintf(stderr, "load: %lld failed, the last with: %s\n", failed, strerror(last_error));
    print_samples(o, "sessions one at a time, connect to first echo", &s, failed);
    samples_free(&s);
    return failed == 0 ? EXIT_OK : EXIT_FAILED;
}

int run_echo(const struct options *o) {
    size_t size = (size_t)o->size;
    uint8_t *out = allocate(1, size), *in = allocate(1, size);
    int on = 1, fd = dial(o, 0);
    if (fd < 0) die("connecting");
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) die("TCP_NODELAY");
    for (size_t i = 0; i < size; i++) out[i] = (uint8_t)mix64(i);

    struct samples s;
    samples_init(&s, (size_t)o->count);
    for (long long i = -o->warmup; i < o->count; i++) {
        uint64_t begun = now_ns();
        if (!round_trip(fd, out, in, size, (uint64_t)i)) die("round trip %lld", i + o->warmup);
        if (i >= 0) samples_add(&s, now_ns() - begun);
    }
    if (close(fd) != 0) die("close");
    print_samples(o, "round trips on one session", &s, 0);
    samples_free(&s);
    free(out);
    free(in);
    return EXIT_OK;
}

/* Tries until an echo comes back, then prints when that was, in seconds since 1970 as bash's EPOCHREALTIME. */
int run_wait(const struct options *o) {
    uint64_t give_up = now_ns() + (uint64_t)(o->seconds * 1e9);
    uint64_t took;
    while (!timed_session(o, 1, &took)) {
        if (now_ns() > give_up) die("no echo within %g s", o->seconds);
        sleep_ns(WAIT_STEP_NS);
    }
    struct timespec t;
    if (clock_gettime(CLOCK_REALTIME, &t) != 0) die("clock_gettime");
    printf("%lld.%06ld\n", (long long)t.tv_sec, t.tv_nsec / 1000);
    return EXIT_OK;
}
