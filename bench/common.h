/* What all the measuring tools share: time, errors, options, samples. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Prints "tool: message: strerror" (die) or "tool: message" (fail, usage) and ends the process. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void set_tool_name(const char *name);

uint64_t now_ns(void);
void sleep_ns(uint64_t ns);
void *allocate(size_t count, size_t size);
uint64_t mix64(uint64_t x);

/* Numbers of the command line, checked against their range. */
long long parse_int(const char *option, const char *text, long long min, long long max);
double parse_seconds(const char *option, const char *text);

/* Samples in units of 100 ns, enough for seven minutes each. */
struct samples {
    uint32_t *values;
    size_t count;
    size_t capacity;
};
void samples_init(struct samples *s, size_t capacity);
void samples_add(struct samples *s, uint64_t ns);
void samples_sort(struct samples *s);
double samples_percentile_us(const struct samples *s, double percent); /* sorted ones only */
double samples_mean_us(const struct samples *s);
void samples_free(struct samples *s);

double median(double *values, size_t count); /* sorts values */

/* Lifts the soft limit on descriptors to the hard one; returns the limit now in force. */
size_t raise_descriptor_limit(void);

/* Ends a report: output that could not be written is a failure. */
void finish_output(void);

#endif
