/*
 * A pipeline as hiredis offers it: a command at a time is appended to the output of its host, and a
 * reply at a time is taken. Bytes flow while commands are still appended.
 */
#include "bench.h"

/* So many commands are appended for a host before what there is begins to be written. */
#define COMMANDS_EACH 1024

static void write_to(struct host *host) {
    int done = 0;
    if (redisBufferWrite(host->context, &done) != REDIS_OK) fail("%s", host->context->errstr);
    host->has_output = !done;
}

static void read_from(struct bench *bench, struct host *host) {
    if (redisBufferRead(host->context) != REDIS_OK) fail("%s", host->context->errstr);
    for (;;) {
        void *reply = NULL;
        if (redisGetReply(host->context, &reply) != REDIS_OK) fail("%s", host->context->errstr);
        if (reply == NULL) return;
        bench->results[host->sent.items[host->answered++]] = reply;
        keep_reply(bench, reply);
    }
}

void plain_run(struct bench *bench, size_t start, size_t end) {
    for (size_t i = start; i < end; i++) {
        struct text arguments[MOST_ARGUMENTS];
        const char *bytes[MOST_ARGUMENTS];
        size_t lengths[MOST_ARGUMENTS];
        int count = workload_arguments(&bench->workload, i, arguments);
        for (int j = 0; j < count; j++) {
            bytes[j] = arguments[j].bytes;
            lengths[j] = arguments[j].length;
        }
        size_t index = workload_host(&bench->workload, i, bench->host_count);
        struct host *host = &bench->hosts[index];
        redisAppendCommandArgv(host->context, count, bytes, lengths);
        append_index(&host->sent, (uint32_t)i);
        host->has_output = 1;
        if (host->sent.length % COMMANDS_EACH == 0) write_to(host);
    }
    hosts_exchange(bench, write_to, read_from);
}
