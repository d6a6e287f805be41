/* What the parts of the contender in C have in common. */
#ifndef BENCH_H
#define BENCH_H

#include <hiredis/hiredis.h>
#include <stddef.h>
#include <stdint.h>

#define MOST_ARGUMENTS 6

/* Text that is not the owner's to free, with its length. */
struct text {
    const char *bytes;
    size_t length;
};

/* A growing array of bytes. */
struct buffer {
    char *bytes;
    size_t length;
    size_t capacity;
};

/* A growing array of indexes. */
struct indexes {
    uint32_t *items;
    size_t length;
    size_t capacity;
};

/* The commands of a scenario; see workload.c. */
struct workload {
    enum kind { GET, SET, MIXED_WRITES, MIXED_READS, HGETALL, BIG, INFO } kind;
    size_t size;
    struct text *keys;
    struct text *values;
    struct text *scores;
};

/* The servers' side of a host, and what a run keeps of it. */
struct host {
    redisContext *context;
    /* The commands that went to this host, in their order. */
    struct indexes sent;
    /* So many of them are answered. */
    size_t answered;
    /* Whether bytes are left to write. */
    int has_output;
    /* Merged only: the next bytes, of which `written` are on their way, */
    struct buffer output;
    size_t written;
    /* of how many commands each reply is, and how many replies have come; */
    struct indexes batches;
    size_t batches_answered;
    /* so many of the last commands in `sent` are not in `output` yet. */
    size_t gathered;
};

struct bench {
    struct workload workload;
    struct host *hosts;
    size_t host_count;
    /* The reply of each command of a run, */
    redisReply **results;
    /* and what has to be freed for them. */
    redisReply **owned;
    size_t owned_count;
};

/* Ends the process with an answer that tells why. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *allocate(size_t size);
void *grow(void *items, size_t *capacity, size_t needed, size_t item_size);
void append_bytes(struct buffer *buffer, const char *bytes, size_t length);
void append_index(struct indexes *indexes, uint32_t index);

/* json.c */
const char *json_find(const char *json, const char *name);
int json_text(const char *json, const char *name, char *into, size_t capacity);
long json_number(const char *json, const char *name, long otherwise);

/* workload.c */
void workload_prepare(struct workload *workload, const char *name, size_t size, size_t hosts);
void workload_free(struct workload *workload);
void workload_before(struct workload *workload, long run);
size_t workload_host(const struct workload *workload, size_t index, size_t host_count);
int workload_arguments(const struct workload *workload, size_t index, struct text *arguments);
void workload_check(const struct workload *workload, size_t index, const redisReply *reply);

/* hosts.c */
void hosts_connect(struct bench *bench, const char *json);
void hosts_disconnect(struct bench *bench);
/* Writes and reads, until every host has answered what was sent. */
void hosts_exchange(struct bench *bench, void (*write_to)(struct host *),
                    void (*read_from)(struct bench *, struct host *));
void keep_reply(struct bench *bench, redisReply *reply);

/* plain.c and merged.c: the commands from `start` to `end`. */
void plain_run(struct bench *bench, size_t start, size_t end);
void merged_run(struct bench *bench, size_t start, size_t end);

#endif
