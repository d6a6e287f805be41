/* Connections, and the exchange of bytes with all hosts at the same time. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

static void connect_host(struct host *host, const char *json) {
    char address[256];
    if (json_text(json, "path", address, sizeof address)) {
        host->context = redisConnectUnix(address);
    } else if (json_text(json, "host", address, sizeof address)) {
        host->context = redisConnect(address, (int)json_number(json, "port", 0));
    }
    redisContext *context = host->context;
    if (context == NULL || context->err) fail("no connection: %s", context ? context->errstr : "");
    redisReply *reply = redisCommand(context, "SELECT %d", (int)json_number(json, "db", 0));
    if (reply == NULL || reply->type != REDIS_REPLY_STATUS) fail("SELECT failed");
    freeReplyObject(reply);
    /* From here on nothing waits for a single host: neither our calls nor hiredis' own. */
    if (fcntl(context->fd, F_SETFL, O_NONBLOCK) != 0) fail("fcntl: %s", strerror(errno));
    context->flags &= ~REDIS_BLOCK;
    /* As hiredis advises for long replies: the reader keeps its buffer. */
    context->reader->maxbuf = 0;
}

/* Connects to what the array `hosts` of a message names. */
void hosts_connect(struct bench *bench, const char *json) {
    const char *list = json_find(json, "hosts");
    if (list == NULL) fail("no hosts");
    const char *end = strchr(list, ']');
    size_t capacity = 0;
    for (const char *at = strchr(list, '{'); at != NULL && at < end; at = strchr(at + 1, '{')) {
        char one[512];
        size_t length = strcspn(at, "}");
        if (length >= sizeof one) fail("the address of a host is too long");
        memcpy(one, at, length);
        one[length] = '\0';
        bench->hosts = grow(bench->hosts, &capacity, bench->host_count + 1, sizeof *bench->hosts);
        struct host *host = &bench->hosts[bench->host_count++];
        memset(host, 0, sizeof *host);
        connect_host(host, one);
    }
}

void hosts_disconnect(struct bench *bench) {
    for (size_t i = 0; i < bench->host_count; i++) {
        struct host *host = &bench->hosts[i];
        redisFree(host->context);
        free(host->sent.items);
        free(host->batches.items);
        free(host->output.bytes);
    }
    free(bench->hosts);
}

void keep_reply(struct bench *bench, redisReply *reply) {
    bench->owned[bench->owned_count++] = reply;
}

void hosts_exchange(struct bench *bench, void (*write_to)(struct host *),
                    void (*read_from)(struct bench *, struct host *)) {
    struct pollfd polled[bench->host_count];
    for (;;) {
        size_t open = 0;
        for (size_t i = 0; i < bench->host_count; i++) {
            struct host *host = &bench->hosts[i];
            int is_open = host->has_output || host->answered < host->sent.length;
            short events = host->has_output ? POLLIN | POLLOUT : POLLIN;
            /* A negative descriptor is passed over. */
            polled[i] = (struct pollfd){is_open ? host->context->fd : -1, events, 0};
            open += (size_t)is_open;
        }
        if (open == 0) return;
        if (poll(polled, bench->host_count, -1) < 0 && errno != EINTR) fail("poll failed");
        for (size_t i = 0; i < bench->host_count; i++) {
            short events = polled[i].revents;
            if (events & POLLOUT) write_to(&bench->hosts[i]);
            if (events & (POLLIN | POLLHUP | POLLERR)) read_from(bench, &bench->hosts[i]);
        }
    }
}
