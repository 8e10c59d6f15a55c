/* load: a small, fast load generator and target. Reads the command line and hands over to one subcommand. */
#include "load.h"

#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "load target   --port P [--mode echo|sink|source] [--threads 1] [--seconds S] [--verify]\n"
    "              [--rate N]  each connection pours out at most N bytes a second\n"
    "              [--skip N]  an echo without the first N bytes of each connection  [--any]  on every address\n"
    "load sessions --to HOST:PORT --count N [--concurrency 64]      short sessions, many at once\n"
    "              [--rate N]  at most N new ones a second  [--blocked]  each is to be closed without a byte\n"
    "              [--proxy]  each begins with a PROXY header of version 2, which does not come back\n"
    "load latency  --to HOST:PORT --count N [--warmup 100]          connect to first echo, one at a time\n"
    "load echo     --to HOST:PORT --count N [--size 64]             round trips on one session\n"
    "load stream   --to HOST:PORT [--streams 1] [--seconds 5] [--settle 0] [--direction up|down|both] [--verify] [--each]\n"
    "load idle     --to HOST:PORT --count N [--seconds 10]          quiet sessions; are all still alive?\n"
    "load far      [--seconds 0.01]  makes the tun device " FAR_DEVICE ", behind which 10.99.0.2 is so far away, each way\n"
    "load wait     --to HOST:PORT [--seconds 10]                    until an echo comes; prints the time of day\n"
    "load udp-pump --to HOST:PORT --port P [--streams 1] [--window 64 | --rate N] [--direction up|both] [--seconds 10]\n"
    "load udp-queries, udp-exchange, udp-hold --to HOST:PORT --port P --count N    new sessions; round trips; many live ones\n"
    "              P is that of the target: for datagrams it is part of these\n"
    "everywhere: --timeout 10 (seconds), --sources K (from 127.0.0.1 to 127.0.0.K), --socks HOST:PORT (SOCKS5, no\n"
    "authentication), --json. Port 0 lets the kernel choose; `ready PORT` on stdout says which. up wants a sink,\n"
    "down a source, both and all the others an echo. Exit: 0 all well, 1 something failed, 2 wrong usage.\n";

static const struct {
    const char *name;
    int (*run)(const struct options *);
    bool needs_to;
} commands[] = {
    {"target", run_target, false}, {"sessions", run_sessions, true}, {"latency", run_latency, true},
    {"echo", run_echo, true},      {"stream", run_stream, true},     {"idle", run_idle, true},
    {"wait", run_wait, true},      {"udp-pump", run_udp_pump, true}, {"far", run_far, false},
    {"udp-queries", run_udp_queries, true}, {"udp-exchange", run_udp_exchange, true}, {"udp-hold", run_udp_hold, true},
};

static const struct option long_options[] = {
    {"to", required_argument, NULL, 't'},        {"socks", required_argument, NULL, 'x'},
    {"count", required_argument, NULL, 'n'},     {"concurrency", required_argument, NULL, 'c'},
    {"sources", required_argument, NULL, 'k'},   {"size", required_argument, NULL, 'z'},
    {"streams", required_argument, NULL, 'm'},   {"port", required_argument, NULL, 'p'},
    {"threads", required_argument, NULL, 'j'},   {"warmup", required_argument, NULL, 'w'},
    {"seconds", required_argument, NULL, 's'},   {"timeout", required_argument, NULL, 'o'},
    {"mode", required_argument, NULL, 'e'},      {"direction", required_argument, NULL, 'd'},
    {"rate", required_argument, NULL, 'r'},      {"blocked", no_argument, NULL, 'B'},
    {"settle", required_argument, NULL, 'l'},    {"each", no_argument, NULL, 'E'},
    {"window", required_argument, NULL, 'W'},    {"skip", required_argument, NULL, 'S'},
    {"proxy", no_argument, NULL, 'P'},           {"any", no_argument, NULL, 'A'},
    {"json", no_argument, NULL, 'J'},            {"verify", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},            {0},
};

static void take_option(struct options *o, int letter, const char *value) {
    switch (letter) {
    case 't': o->to = parse_endpoint("--to", value), o->has_to = true; break;
    case 'x': o->via = parse_endpoint("--socks", value), o->socks = true; break;
    case 'n': o->count = parse_int("--count", value, 1, 100000000); break;
    case 'c': o->concurrency = parse_int("--concurrency", value, 1, 1000000); break;
    case 'k': o->sources = parse_int("--sources", value, 1, 250); break;
    case 'z': o->size = parse_int("--size", value, 1, 1 << 16); break;
    case 'm': o->streams = parse_int("--streams", value, 1, 100000); break;
    case 'p': o->port = parse_int("--port", value, 0, 65535); break;
    case 'j': o->threads = parse_int("--threads", value, 1, 64); break;
    case 'w': o->warmup = parse_int("--warmup", value, 0, 10000000); break;
    case 's': o->seconds = parse_seconds("--seconds", value); break;
    case 'o': o->timeout = parse_seconds("--timeout", value); break;
    case 'e': o->mode = value; break;
    case 'd': o->direction = value; break;
    case 'r': o->rate = parse_int("--rate", value, 1, 10000000000); break;
    case 'W': o->window = parse_int("--window", value, 1, 1000000); break;
    case 'S': o->skip = parse_int("--skip", value, 0, 65536); break;
    case 'A': o->any = true; break;
    case 'P': o->proxy = true; break;
    case 'B': o->blocked = true; break;
    case 'l': o->settle = parse_seconds("--settle", value); break;
    case 'E': o->each = true; break;
    case 'J': o->json = true; break;
    case 'V': o->verify = true; break;
    case 'h':
        fputs(help, stdout);
        finish_output();
        exit(EXIT_OK);
    default: exit(EXIT_USAGE); /* getopt has said why */
    }
}

static double default_seconds(const char *command) {
    if (strcmp(command, "target") == 0) return 0; /* until told to end */
    if (strcmp(command, "far") == 0) return 0.01; /* how far */
    return strcmp(command, "stream") == 0 ? 5 : 10;
}

int main(int argc, char **argv) {
    set_tool_name("load");
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        fputs(help, stdout);
        return argc > 1 ? EXIT_OK : EXIT_USAGE;
    }
    struct options o = {.count = 1000, .concurrency = 64, .sources = 1, .size = 64, .streams = 1, .threads = 1,
                        .warmup = 100, .window = 64, .timeout = 10, .mode = "echo", .direction = "up",
                        .seconds = default_seconds(name)};
    int letter;
    while ((letter = getopt_long(argc - 1, argv + 1, "", long_options, NULL)) != -1) take_option(&o, letter, optarg);
    if (optind < argc - 1) usage_error("'%s' is no option; see load --help", argv[1 + optind]);
    if (o.sources > 1 && o.has_to && first_hop(&o)->address.ss_family != AF_INET)
        usage_error("--sources needs an IPv4 address to connect to");
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) die("signal");

    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(name, commands[i].name) != 0) continue;
        if (commands[i].needs_to && !o.has_to) usage_error("%s: --to HOST:PORT is needed", name);
        int status = commands[i].run(&o);
        finish_output();
        return status;
    }
    usage_error("'%s' is none of target, sessions, latency, echo, stream, idle, wait, udp-…", name);
}
