/*
 * hiredis as a contender: a worker that speaks the protocol of worker/main.mjs. It reads commands as
 * JSON lines, and answers each with one line.
 */
#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct settings {
    void (*run)(struct bench *, size_t, size_t);
    int has_latencies;
    size_t chunk;
    size_t repeats;
    double *latencies;
    size_t latency_count;
};

_Noreturn void fail(const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ') *at = ' ';
    }
    printf("{\"error\":\"%s\"}\n", text);
    fflush(stdout);
    exit(1);
}

void *allocate(size_t size) {
    void *bytes = malloc(size > 0 ? size : 1);
    if (bytes == NULL) fail("out of memory");
    return bytes;
}

/* The array with room for `needed` items at least. */
void *grow(void *items, size_t *capacity, size_t needed, size_t item_size) {
    if (needed <= *capacity) return items;
    size_t larger = *capacity < 8 ? 16 : *capacity;
    while (larger < needed) larger *= 2;
    void *grown = realloc(items, larger * item_size);
    if (grown == NULL) fail("out of memory");
    *capacity = larger;
    return grown;
}

void append_bytes(struct buffer *buffer, const char *bytes, size_t length) {
    size_t needed = buffer->length + length;
    if (needed > buffer->capacity) buffer->bytes = grow(buffer->bytes, &buffer->capacity, needed, 1);
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length = needed;
}

void append_index(struct indexes *indexes, uint32_t index) {
    size_t needed = indexes->length + 1;
    if (needed > indexes->capacity) {
        indexes->items = grow(indexes->items, &indexes->capacity, needed, sizeof index);
    }
    indexes->items[indexes->length++] = index;
}

static double now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double cpu_ms(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
    return seconds * 1e3 + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

/* Makes Linux forget the highest memory so far; answers whether it did. */
static int reset_peak(void) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file == NULL) return 0;
    int written = fputs("5", file);
    return fclose(file) == 0 && written >= 0;
}

static double peak_mb(int is_reset) {
    char line[256];
    long kilobytes = 0;
    FILE *file = is_reset ? fopen("/proc/self/status", "r") : NULL;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "VmHWM: %ld kB", &kilobytes) == 1) break;
    }
    if (file != NULL) fclose(file);
    if (kilobytes > 0) return (double)kilobytes / 1024;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
    return (double)usage.ru_maxrss / (1024 * 1024);
#else
    return (double)usage.ru_maxrss / 1024;
#endif
}

static void prepare(struct bench *bench, struct settings *settings, const char *line) {
    char native[32], way[32];
    if (!json_text(line, "native", native, sizeof native)) fail("no workload");
    if (!json_text(line, "way", way, sizeof way)) fail("no way");
    hosts_connect(bench, line);
    size_t size = (size_t)json_number(line, "size", 0);
    workload_prepare(&bench->workload, native, size, bench->host_count);
    size = bench->workload.size;
    settings->run = strcmp(way, "merged") == 0 ? merged_run : plain_run;
    settings->chunk = (size_t)json_number(line, "chunk", (long)size);
    settings->has_latencies = settings->chunk < size || bench->workload.kind == INFO;
    settings->repeats = (size_t)json_number(line, "repeats", 1);
    size_t commands = size * settings->repeats;
    bench->results = allocate(commands * sizeof *bench->results);
    bench->owned = allocate(commands * sizeof *bench->owned);
    settings->latencies = allocate((commands + 1) * sizeof(double));
    puts("{}");
}

static void reset_hosts(struct bench *bench) {
    for (size_t i = 0; i < bench->host_count; i++) {
        struct host *host = &bench->hosts[i];
        host->sent.length = 0;
        host->answered = 0;
        host->batches.length = 0;
        host->batches_answered = 0;
    }
}

static void run_all(struct bench *bench, struct settings *settings) {
    redisReply **results = bench->results;
    size_t size = bench->workload.size;
    settings->latency_count = 0;
    for (size_t repeat = 0; repeat < settings->repeats; repeat++) {
        for (size_t start = 0; start < size; start += settings->chunk) {
            size_t end = start + settings->chunk < size ? start + settings->chunk : size;
            double started = now_ms();
            reset_hosts(bench);
            settings->run(bench, start, end);
            settings->latencies[settings->latency_count++] = now_ms() - started;
        }
        bench->results += size;
    }
    bench->results = results;
}

static int compare(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return difference < 0 ? -1 : difference > 0;
}

static void print_latencies(struct settings *settings) {
    size_t count = settings->latency_count;
    double *sorted = settings->latencies;
    qsort(sorted, count, sizeof *sorted, compare);
    printf(",\"p50Us\":%.3f,\"p99Us\":%.3f,\"maxUs\":%.3f", sorted[count / 2] * 1e3,
           sorted[count * 99 / 100] * 1e3, sorted[count - 1] * 1e3);
}

static void run(struct bench *bench, struct settings *settings, const char *line) {
    workload_before(&bench->workload, json_number(line, "run", 0));
    bench->owned_count = 0;
    int is_reset = reset_peak();
    double cpu = cpu_ms(), time = now_ms();
    run_all(bench, settings);
    time = now_ms() - time;
    cpu = cpu_ms() - cpu;
    printf("{\"timeMs\":%.6f,\"cpuMs\":%.3f,\"peakMemoryMb\":%.3f", time, cpu, peak_mb(is_reset));
    if (settings->has_latencies) print_latencies(settings);
    puts("}");
}

static void check(struct bench *bench, struct settings *settings) {
    size_t size = bench->workload.size;
    for (size_t i = 0; i < size * settings->repeats; i++) {
        workload_check(&bench->workload, i % size, bench->results[i]);
        bench->results[i] = NULL;
    }
    for (size_t i = 0; i < bench->owned_count; i++) freeReplyObject(bench->owned[i]);
    bench->owned_count = 0;
    puts("{}");
}

static void close_all(struct bench *bench, struct settings *settings) {
    hosts_disconnect(bench);
    workload_free(&bench->workload);
    free(bench->results);
    free(bench->owned);
    free(settings->latencies);
    memset(bench, 0, sizeof *bench);
    memset(settings, 0, sizeof *settings);
    puts("{}");
}

int main(int count, char **arguments) {
    static struct bench bench;
    static struct settings settings;
    char *line = NULL;
    size_t capacity = 0;
    if (count > 1 && strcmp(arguments[1], "--version") == 0) {
        printf("%d.%d.%d\n", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
        return 0;
    }
    while (getline(&line, &capacity, stdin) > 0) {
        char command[16];
        if (!json_text(line, "cmd", command, sizeof command)) fail("no command");
        if (strcmp(command, "prepare") == 0) prepare(&bench, &settings, line);
        else if (strcmp(command, "run") == 0) run(&bench, &settings, line);
        else if (strcmp(command, "check") == 0) check(&bench, &settings);
        else if (strcmp(command, "close") == 0) close_all(&bench, &settings);
        else fail("no command %s", command);
        fflush(stdout);
    }
    return 0;
}
