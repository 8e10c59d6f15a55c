/* Opening sessions: addresses, source addresses, SOCKS5; and the pattern that verified streams carry. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

struct endpoint parse_endpoint(const char *option, const char *text) {
    char host[256];
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text || (size_t)(colon - text) >= sizeof host)
        usage_error("%s: '%s' is not HOST:PORT", option, text);
    size_t length = (size_t)(colon - text);
    const char *start = text;
    if (text[0] == '[' && colon[-1] == ']') {
        start++;
        length -= 2;
    }
    memcpy(host, start, length);
    host[length] = '\0';
    parse_int(option, colon + 1, 1, 65535);

    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(host, colon + 1, &hints, &found);
    if (error != 0) usage_error("%s: %s: %s", option, text, gai_strerror(error));
    struct endpoint e = {.length = found->ai_addrlen};
    memcpy(&e.address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return e;
}

const struct endpoint *first_hop(const struct options *o) { return o->socks ? &o->via : &o->to; }

/* With one target a source address gives some 28,000 ports; 127.0.0.1 to 127.0.0.N give N times as many. */
static int bind_source(int fd, uint32_t number) {
    int on = 1;
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) != 0) return -1;
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + number)};
    return bind(fd, (struct sockaddr *)&source, sizeof source);
}

static int open_from(const struct options *o, uint64_t index, int type) {
    int family = first_hop(o)->address.ss_family;
    int fd = socket(family, type | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (o->sources > 1 && family == AF_INET && bind_source(fd, (uint32_t)(index % (uint64_t)o->sources)) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int open_socket(const struct options *o, uint64_t index, int type_flags) {
    return open_from(o, index, SOCK_STREAM | type_flags);
}

int open_datagram_socket(const struct options *o, uint64_t index, int type_flags) {
    return open_from(o, index, SOCK_DGRAM | type_flags);
}

void proxy_header(uint8_t *out) {
    static const uint8_t header[PROXY_HEADER_LENGTH] = {13,  10,  13, 10, 0, 13, 10, 81, 85, 73, 84, 10, 0x21, 0x11,
                                                        0,   12,  192, 0, 2, 7,  192, 0, 2, 1,  0x9c, 0x40, 1, 187};
    memcpy(out, header, sizeof header);
}

bool send_all(int fd, const void *data, size_t length) {
    const uint8_t *at = data;
    while (length > 0) {
        ssize_t n = send(fd, at, length, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) errno = ETIMEDOUT; /* what the socket's time limit says */
            return false;
        }
        at += n;
        length -= (size_t)n;
    }
    return true;
}

bool receive_all(int fd, void *data, size_t length) {
    uint8_t *at = data;
    while (length > 0) {
        ssize_t n = recv(fd, at, length, 0);
        if (n == 0) {
            errno = ECONNABORTED;
            return false;
        }
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) errno = ETIMEDOUT; /* what the socket's time limit says */
            return false;
        }
        at += n;
        length -= (size_t)n;
    }
    return true;
}

size_t socks_request(const struct endpoint *to, uint8_t *out) {
    static const uint8_t head[] = {5, 1, 0}; /* version, CONNECT, reserved */
    memcpy(out, head, sizeof head);
    if (to->address.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&to->address;
        out[3] = 4;
        memcpy(out + 4, &v6->sin6_addr, 16);
        memcpy(out + 20, &v6->sin6_port, 2);
        return 22;
    }
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&to->address;
    out[3] = 1;
    memcpy(out + 4, &v4->sin_addr, 4);
    memcpy(out + 8, &v4->sin_port, 2);
    return 10;
}

size_t socks_reply_length(const uint8_t *reply, size_t have) {
    if (have < 4) return 0;
    return reply[3] == 4 ? 22 : 10;
}

static bool socks_handshake(int fd, const struct endpoint *to) {
    static const uint8_t greeting[SOCKS_GREETING_LENGTH] = {5, 1, 0};
    uint8_t request[SOCKS_REQUEST_MAX], reply[SOCKS_REPLY_MAX];
    size_t length = socks_request(to, request);
    if (!send_all(fd, greeting, sizeof greeting) || !receive_all(fd, reply, 2)) return false;
    if (reply[0] != 5 || reply[1] != 0) {
        errno = EPROTO;
        return false;
    }
    if (!send_all(fd, request, length) || !receive_all(fd, reply, 4)) return false;
    if (!receive_all(fd, reply + 4, socks_reply_length(reply, 4) - 4)) return false;
    if (reply[1] != 0) {
        errno = EPROTO;
        return false;
    }
    return true;
}

static bool set_timeouts(int fd, double seconds) {
    struct timeval t = {.tv_sec = (time_t)seconds, .tv_usec = (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6)};
    if (t.tv_sec == 0 && t.tv_usec == 0) t.tv_usec = 1;
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t) == 0;
}

int dial(const struct options *o, uint64_t index) {
    int fd = open_socket(o, index, 0);
    if (fd < 0) return -1;
    const struct endpoint *hop = first_hop(o);
    if (!set_timeouts(fd, o->timeout) || connect(fd, (const struct sockaddr *)&hop->address, hop->length) != 0 ||
        (o->socks && !socks_handshake(fd, &o->to))) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static uint8_t pattern[PATTERN_PERIOD + STREAM_CHUNK];

void pattern_init(void) {
    for (size_t i = 0; i < PATTERN_PERIOD; i++) pattern[i] = (uint8_t)mix64(i);
    for (size_t i = PATTERN_PERIOD; i < sizeof pattern; i++) pattern[i] = pattern[i - PATTERN_PERIOD];
}

const uint8_t *pattern_at(uint64_t position) { return pattern + position % PATTERN_PERIOD; }
