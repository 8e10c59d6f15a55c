/* Many datagrams with one call, and a target that echoes: what the datagram commands of load share. */
#ifndef BENCH_UDP_H
#define BENCH_UDP_H

#include "load.h"

#include <netinet/in.h>

enum { BATCH = 64, LONGEST = 65507, HEAD = 8 };

/* Every datagram begins with it. */
struct head {
    uint32_t session, number;
};

struct batch {
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    struct sockaddr_storage names[BATCH];
    uint8_t *data;
    size_t room;
};

struct batch *batch_new(size_t room);
/* Takes what has come, with who sent it where wanted; how many, 0 for none. */
int batch_receive(struct batch *b, int fd, int flags, bool named);
/* Sends the first `count`; how many went. */
int batch_send(struct batch *b, int fd, int count);
/* As much room for what comes as the kernel gives. */
void set_room(int fd);

/* The target's socket on --port of 127.0.0.1. */
int open_target(const struct options *o);
/* A thread that sends back what comes to it. */
void start_echo(const struct options *o);
/* A client's socket, connected, which does not wait. */
int open_client(const struct options *o, uint64_t index);

#endif
