/* load idle: opens N sessions, leaves them alone, then asks each for one more echo. */
#include "load.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool echo_byte(int fd, uint8_t byte) {
    uint8_t back;
    if (!send_all(fd, &byte, 1) || !receive_all(fd, &back, 1)) return false;
    if (back == byte) return true;
    errno = EBADMSG;
    return false;
}

/* Each session proves with one echo that it goes all the way. Returns how many opened. */
static size_t open_all(const struct options *o, int *fds) {
    size_t n = (size_t)o->count, opened = 0;
    int last_error = 0;
    for (size_t i = 0; i < n && i - opened < 100; i++) { /* give up after 100 failures */
        int fd = dial(o, i);
        if (fd >= 0 && echo_byte(fd, (uint8_t)mix64(i))) {
            fds[opened++] = fd;
            continue;
        }
        last_error = errno;
        if (fd >= 0 && close(fd) != 0) die("close");
    }
    if (last_error != 0) fprintf(stderr, "load: not all opened, the last failed with: %s\n", strerror(last_error));
    return opened;
}

/* True when one correct byte, and no end of stream, comes before the deadline. */
static bool answers(int fd, uint8_t byte, uint64_t deadline) {
    for (;;) {
        uint64_t now = now_ns();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = poll(&p, 1, now >= deadline ? 0 : (int)((deadline - now) / 1000000) + 1);
        if (ready < 0 && errno == EINTR) continue;
        if (ready < 0) die("poll");
        if (ready == 0) return false;
        uint8_t back;
        return recv(fd, &back, 1, MSG_DONTWAIT) == 1 && back == byte;
    }
}

static size_t count_alive(const struct options *o, const int *fds, size_t n) {
    size_t alive = 0;
    uint8_t *asked = allocate(n + 1, 1);
    for (size_t i = 0; i < n; i++) asked[i] = send_all(fds[i], &(uint8_t){(uint8_t)i}, 1);
    uint64_t deadline = now_ns() + (uint64_t)(o->timeout * 1e9);
    for (size_t i = 0; i < n; i++) alive += asked[i] && answers(fds[i], (uint8_t)i, deadline);
    free(asked);
    return alive;
}

int run_idle(const struct options *o) {
    size_t n = (size_t)o->count;
    if (n + 16 > raise_descriptor_limit()) fail("--count %zu needs more descriptors than this process may have", n);
    int *fds = allocate(n, sizeof *fds);
    uint64_t begun = now_ns();
    size_t opened = open_all(o, fds);
    /* Said at once, on stderr: a script measures memory from here on. */
    fprintf(stderr, "open %zu\n", opened);
    double opening = (double)(now_ns() - begun) / 1e9;

    sleep_ns((uint64_t)(o->seconds * 1e9));
    size_t alive = count_alive(o, fds, opened);
    if (o->json)
        printf("{\"sessions\":%zu,\"opened\":%zu,\"alive\":%zu,\"opening_s\":%.3f,\"idle_s\":%g}\n", n, opened, alive,
               opening, o->seconds);
    else
        printf("%zu of %zu sessions opened in %.3f s; after %g s idle %zu alive\n", opened, n, opening, o->seconds,
               alive);
    for (size_t i = 0; i < opened; i++)
        if (close(fds[i]) != 0) die("close");
    free(fds);
    return alive == n ? EXIT_OK : EXIT_FAILED;
}
