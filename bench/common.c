#include "common.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const char *tool = "bench";

void set_tool_name(const char *name) { tool = name; }

static void complain(const char *format, va_list arguments, int error) {
    fprintf(stderr, "%s: ", tool);
    vfprintf(stderr, format, arguments);
    if (error != 0) fprintf(stderr, ": %s", strerror(error));
    fputc('\n', stderr);
}

void die(const char *format, ...) {
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    complain(format, arguments, error);
    va_end(arguments);
    exit(EXIT_FAILED);
}

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    complain(format, arguments, 0);
    va_end(arguments);
    exit(EXIT_FAILED);
}

void usage_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    complain(format, arguments, 0);
    va_end(arguments);
    exit(EXIT_USAGE);
}

uint64_t now_ns(void) {
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0) die("clock_gettime");
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void sleep_ns(uint64_t ns) {
    struct timespec t = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
    while (nanosleep(&t, &t) != 0) {
        if (errno != EINTR) die("nanosleep");
    }
}

void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (memory == NULL) die("calloc of %zu times %zu bytes", count, size);
    return memory;
}

uint64_t mix64(uint64_t x) { /* splitmix64 */
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

long long parse_int(const char *option, const char *text, long long min, long long max) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < min || value > max)
        usage_error("%s: '%s' is not a whole number from %lld to %lld", option, text, min, max);
    return value;
}

double parse_seconds(const char *option, const char *text) {
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (errno != 0 || end == text || *end != '\0' || !(value > 0 && value <= 86400))
        usage_error("%s: '%s' is not a number of seconds above 0 and up to 86400", option, text);
    return value;
}

void samples_init(struct samples *s, size_t capacity) {
    s->values = allocate(capacity, sizeof *s->values);
    s->count = 0;
    s->capacity = capacity;
}

void samples_add(struct samples *s, uint64_t ns) {
    if (s->count == s->capacity) fail("more samples than the %zu that were announced", s->capacity);
    uint64_t units = (ns + 50) / 100;
    s->values[s->count++] = units > UINT32_MAX ? UINT32_MAX : (uint32_t)units;
}

static int compare_u32(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void samples_sort(struct samples *s) { qsort(s->values, s->count, sizeof *s->values, compare_u32); }

double samples_percentile_us(const struct samples *s, double percent) {
    if (s->count == 0) return 0;
    size_t rank = (size_t)(percent / 100.0 * (double)(s->count - 1) + 0.5);
    return s->values[rank] / 10.0;
}

double samples_mean_us(const struct samples *s) {
    double sum = 0;
    for (size_t i = 0; i < s->count; i++) sum += s->values[i];
    return s->count == 0 ? 0 : sum / (double)s->count / 10.0;
}

void samples_free(struct samples *s) {
    free(s->values);
    *s = (struct samples){0};
}

static int compare_double(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(double *values, size_t count) {
    if (count == 0) return 0;
    qsort(values, count, sizeof *values, compare_double);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

size_t raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) die("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) die("setrlimit");
    return limit.rlim_cur > INT_MAX ? INT_MAX : (size_t)limit.rlim_cur;
}

void finish_output(void) {
    if (fflush(stdout) != 0 || ferror(stdout)) die("writing the result");
}
