/* The parts of the load tool: one file per subcommand, dial.c for what opens sessions. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "common.h"

#include <sys/socket.h>

struct endpoint {
    struct sockaddr_storage address;
    socklen_t length;
};

/* One set of options for all subcommands; each takes what it knows. */
struct options {
    struct endpoint to;      /* where the echo is wanted */
    struct endpoint via;     /* a SOCKS5 proxy to reach it through */
    bool has_to, socks, json, verify, blocked, each, proxy, any;
    long long skip, count, rate, concurrency, sources, size, streams, port, threads, warmup, window;
    double seconds, timeout, settle;
    const char *mode, *direction;
};

int run_target(const struct options *o);
int run_sessions(const struct options *o);
int run_latency(const struct options *o);
int run_echo(const struct options *o);
int run_wait(const struct options *o);
int run_stream(const struct options *o);
int run_idle(const struct options *o);
int run_far(const struct options *o);
int run_udp_pump(const struct options *o);
int run_udp_queries(const struct options *o);
int run_udp_exchange(const struct options *o);
int run_udp_hold(const struct options *o);

/* far.c: 10.99.0.2 behind the device, whose own address is to be 10.99.0.1 */
#define FAR_DEVICE "far0"
enum { FAR_ADDRESS = 0x0a630002 };

/* dial.c */
enum { PROXY_HEADER_LENGTH = 28 };
/* A PROXY header of version 2 for a client of IPv4. */
void proxy_header(uint8_t *out);
enum { SOCKS_GREETING_LENGTH = 3, SOCKS_REQUEST_MAX = 22, SOCKS_REPLY_MAX = 22 };

struct endpoint parse_endpoint(const char *option, const char *text);
const struct endpoint *first_hop(const struct options *o);
/* A socket of the right family, bound to source address number `index` when several are wanted. */
int open_socket(const struct options *o, uint64_t index, int type_flags);
/* The same of datagrams. */
int open_datagram_socket(const struct options *o, uint64_t index, int type_flags);
/* Blocking: connects, speaks SOCKS when asked. Returns -1 with errno set; EPROTO: the SOCKS proxy refused. */
int dial(const struct options *o, uint64_t index);
bool send_all(int fd, const void *data, size_t length);
bool receive_all(int fd, void *data, size_t length); /* an early end of stream is ECONNABORTED */

size_t socks_request(const struct endpoint *to, uint8_t *out);
/* Length of the whole reply as far as its first bytes tell, 0 when more are needed. */
size_t socks_reply_length(const uint8_t *reply, size_t have);

/* stream pattern, dial.c: byte number p of a stream is pattern[p % PATTERN_PERIOD] */
enum { PATTERN_PERIOD = 65521, STREAM_CHUNK = 256 * 1024, ACK_BYTES = 8, PATTERN_HEADER = 4 };
const uint8_t *pattern_at(uint64_t position); /* STREAM_CHUNK bytes may be read from there */
void pattern_init(void);

#endif
