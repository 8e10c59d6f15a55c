/* load far: an address that is far away. Makes a tun device; what is sent to its second address comes back a while later as
 * if from there, to whoever listens at the first. The third address answers nobody. See README.md. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/ip.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PACKET_MAX = 2048, UNDERWAY = 4096 };

struct packet {
    uint64_t due;
    size_t length;
    uint8_t bytes[PACKET_MAX];
};

static int open_device(void) {
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) die("/dev/net/tun");
    struct ifreq wanted = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    memcpy(wanted.ifr_name, FAR_DEVICE, sizeof FAR_DEVICE);
    if (ioctl(fd, TUNSETIFF, &wanted) != 0) die("making " FAR_DEVICE);
    return fd;
}

/* Swapping the addresses leaves every checksum right. */
static bool turn_round(uint8_t *bytes, size_t length) {
    struct iphdr *head = (struct iphdr *)bytes;
    if (length < sizeof *head || head->version != 4 || ntohl(head->daddr) != FAR_ADDRESS) return false;
    uint32_t from = head->saddr;
    head->saddr = head->daddr;
    head->daddr = from;
    return true;
}

int run_far(const struct options *o) {
    uint64_t delay = (uint64_t)(o->seconds * 1e9);
    struct packet *queue = allocate(UNDERWAY, sizeof *queue);
    size_t first = 0, count = 0;
    int fd = open_device();
    if (signal(SIGTERM, SIG_DFL) == SIG_ERR) die("signal");
    printf("ready 0\n");
    finish_output();
    for (;;) {
        uint64_t now = now_ns();
        for (; count > 0 && queue[first].due <= now; first = (first + 1) % UNDERWAY, count--)
            if (write(fd, queue[first].bytes, queue[first].length) < 0 && errno != EAGAIN && errno != EIO)
                die("writing to " FAR_DEVICE);
        struct pollfd device = {.fd = fd, .events = count < UNDERWAY ? POLLIN : 0};
        uint64_t wait = count > 0 ? queue[first].due - now : 1000000000;
        struct timespec most = {(time_t)(wait / 1000000000), (long)(wait % 1000000000)};
        if (ppoll(&device, 1, &most, NULL) < 0 && errno != EINTR) die("ppoll");
        while (count < UNDERWAY) {
            struct packet *last = &queue[(first + count) % UNDERWAY];
            ssize_t n = read(fd, last->bytes, sizeof last->bytes);
            if (n < 0 && errno != EAGAIN && errno != EINTR && errno != EIO) die("reading from " FAR_DEVICE);
            if (n < 0) break;
            last->length = (size_t)n;
            last->due = now_ns() + delay;
            if (turn_round(last->bytes, last->length)) count++;
        }
    }
}
