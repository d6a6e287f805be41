/*
 * The same tricks as redis-blaster's: neighbouring GETs to a host become an MGET, and SETs an MSET,
 * of up to 512 commands; commands are formatted into one buffer for each host; what a host is owed
 * is written while commands are still gathered. Replies are read by hiredis.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MOST_MERGED 512
#define WRITE_BYTES (64 * 1024)
#define READ_BYTES (64 * 1024)

static void append_head(struct buffer *output, char mark, size_t number) {
    char digits[24];
    size_t at = sizeof digits;
    digits[--at] = '\n';
    digits[--at] = '\r';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    digits[--at] = mark;
    append_bytes(output, digits + at, sizeof digits - at);
}

static void append_argument(struct buffer *output, struct text argument) {
    append_head(output, '$', argument.length);
    append_bytes(output, argument.bytes, argument.length);
    append_bytes(output, "\r\n", 2);
}

static void append_command(struct buffer *output, const struct text *arguments, int count) {
    append_head(output, '*', (size_t)count);
    for (int i = 0; i < count; i++) append_argument(output, arguments[i]);
}

static void write_to(struct host *host) {
    struct buffer *output = &host->output;
    while (host->written < output->length) {
        size_t left = output->length - host->written;
        ssize_t count = write(host->context->fd, output->bytes + host->written, left);
        if (count < 0 && errno == EAGAIN) break;
        if (count < 0 && errno != EINTR) fail("write: %s", strerror(errno));
        if (count > 0) host->written += (size_t)count;
    }
    host->has_output = host->written < output->length;
    if (host->has_output) return;
    output->length = 0;
    host->written = 0;
}

/* Formats what is gathered: one command, or one for all of them. */
static void finish_batch(struct bench *bench, struct host *host) {
    size_t count = host->gathered;
    if (count == 0) return;
    host->gathered = 0;
    append_index(&host->batches, (uint32_t)count);
    host->has_output = 1;
    const uint32_t *batch = host->sent.items + host->sent.length - count;
    struct text arguments[MOST_ARGUMENTS];
    if (count == 1) {
        int length = workload_arguments(&bench->workload, *batch, arguments);
        append_command(&host->output, arguments, length);
    } else {
        int each = workload_arguments(&bench->workload, *batch, arguments) - 1;
        append_head(&host->output, '*', 1 + count * (size_t)each);
        append_argument(&host->output, (struct text){each == 1 ? "MGET" : "MSET", 4});
        for (size_t i = 0; i < count; i++) {
            workload_arguments(&bench->workload, batch[i], arguments);
            for (int j = 1; j <= each; j++) append_argument(&host->output, arguments[j]);
        }
    }
    if (host->output.length - host->written >= WRITE_BYTES) write_to(host);
}

/* Whether a command is GET or SET. */
static int is_mergeable(const struct workload *workload, size_t i) {
    if (workload->kind == MIXED_READS) return i % 5 == 0;
    return workload->kind == GET || workload->kind == SET || workload->kind == BIG;
}

static void take_reply(struct bench *bench, struct host *host, redisReply *reply) {
    size_t count = host->batches.items[host->batches_answered++];
    const uint32_t *batch = host->sent.items + host->answered;
    int is_array = count > 1 && reply->type == REDIS_REPLY_ARRAY && reply->elements == count;
    for (size_t i = 0; i < count; i++) {
        bench->results[batch[i]] = is_array ? reply->element[i] : reply;
    }
    host->answered += count;
    keep_reply(bench, reply);
}

static void read_from(struct bench *bench, struct host *host) {
    char bytes[READ_BYTES];
    ssize_t count = read(host->context->fd, bytes, sizeof bytes);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) fail("the connection was lost");
    redisReader *reader = host->context->reader;
    redisReaderFeed(reader, bytes, (size_t)count);
    for (;;) {
        void *reply = NULL;
        if (redisReaderGetReply(reader, &reply) != REDIS_OK) fail("%s", reader->errstr);
        if (reply == NULL) return;
        take_reply(bench, host, reply);
    }
}

void merged_run(struct bench *bench, size_t start, size_t end) {
    for (size_t i = start; i < end; i++) {
        size_t index = workload_host(&bench->workload, i, bench->host_count);
        struct host *host = &bench->hosts[index];
        int can_merge = is_mergeable(&bench->workload, i);
        if (!can_merge || host->gathered == MOST_MERGED) finish_batch(bench, host);
        append_index(&host->sent, (uint32_t)i);
        host->gathered++;
        if (!can_merge) finish_batch(bench, host);
    }
    for (size_t i = 0; i < bench->host_count; i++) {
        finish_batch(bench, &bench->hosts[i]);
        write_to(&bench->hosts[i]);
    }
    hosts_exchange(bench, write_to, read_from);
}
