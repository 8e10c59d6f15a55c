/* Many datagrams with one call, and a target that echoes. */
#include "udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct batch *batch_new(size_t room) {
    struct batch *b = allocate(1, sizeof *b);
    b->room = room;
    b->data = allocate(BATCH, room);
    for (size_t i = 0; i < BATCH; i++) {
        b->vectors[i] = (struct iovec){.iov_base = b->data + i * room, .iov_len = room};
        b->messages[i].msg_hdr = (struct msghdr){.msg_iov = &b->vectors[i], .msg_iovlen = 1};
    }
    return b;
}

int batch_receive(struct batch *b, int fd, int flags, bool named) {
    for (size_t i = 0; i < BATCH; i++) {
        b->vectors[i].iov_len = b->room;
        b->messages[i].msg_hdr.msg_name = named ? &b->names[i] : NULL;
        b->messages[i].msg_hdr.msg_namelen = named ? sizeof b->names[i] : 0;
    }
    int n = recvmmsg(fd, b->messages, BATCH, flags, NULL);
    if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED) die("recvmmsg");
    return n < 0 ? 0 : n;
}

int batch_send(struct batch *b, int fd, int count) {
    int sent = 0;
    while (sent < count) {
        int n = sendmmsg(fd, b->messages + sent, (unsigned)(count - sent), 0);
        if (n <= 0) {
            if (errno == EINTR || errno == ECONNREFUSED) continue;
            if (errno != EAGAIN && errno != ENOBUFS) die("sendmmsg");
            break;
        }
        sent += n;
    }
    return sent;
}

void set_room(int fd) {
    int bytes = 64 << 20;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0 &&
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) != 0)
        die("SO_RCVBUF");
}

int open_target(const struct options *o) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0) die("the target's port %lld", o->port);
    set_room(fd);
    return fd;
}

static int echo_fd;

static void *echo_all(void *unused) {
    struct batch *b = batch_new(LONGEST);
    (void)unused;
    for (;;) {
        int n = batch_receive(b, echo_fd, MSG_WAITFORONE, true);
        for (int i = 0; i < n; i++) b->vectors[i].iov_len = b->messages[i].msg_len;
        if (n > 0) batch_send(b, echo_fd, n);
    }
    return NULL;
}

void start_echo(const struct options *o) {
    pthread_t thread;
    echo_fd = open_target(o);
    if (pthread_create(&thread, NULL, echo_all, NULL) != 0) fail("no thread for the target");
}

int open_client(const struct options *o, uint64_t index) {
    int fd = open_datagram_socket(o, index, SOCK_NONBLOCK);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&o->to.address, o->to.length) != 0) die("a client's socket");
    return fd;
}

