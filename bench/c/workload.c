/* The scenarios' commands and their right replies, by the formulas of the scenarios' own files. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 10
#define BIG_LENGTH 100000
#define TEXT_CAPACITY 64

static const char *const names[] = {"get",     "set", "mixed-writes", "mixed-reads",
                                    "hgetall", "big", "info"};
static const char *const write_kinds[] = {"hash", "hash", "number", "set"};
static const char *const read_kinds[] = {"text", "hash", "set", "text", "text"};

static uint32_t crc_table[256];

static void make_crc_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xedb88320u : crc >> 1;
        crc_table[byte] = crc;
    }
}

#define LITERAL(literal) ((struct text){literal, sizeof(literal) - 1})

static struct text copy_of(const char *bytes, size_t length) {
    char *copy = allocate(length);
    memcpy(copy, bytes, length);
    return (struct text){copy, length};
}

static struct text key_of(enum kind kind, size_t i) {
    char key[TEXT_CAPACITY];
    int length = 0;
    switch (kind) {
        case GET:
        case SET: length = snprintf(key, sizeof key, "key:%zu", i); break;
        case HGETALL: length = snprintf(key, sizeof key, "hash:%zu", i); break;
        case BIG: length = snprintf(key, sizeof key, "big:%zu", i); break;
        case MIXED_WRITES:
            length = snprintf(key, sizeof key, "%s:%zu", write_kinds[i % 4], i >> 2);
            break;
        case MIXED_READS:
            length = snprintf(key, sizeof key, "%s:%zu", read_kinds[i % 5], i / 5);
            break;
        case INFO: break;
    }
    return copy_of(key, (size_t)length);
}

void workload_prepare(struct workload *workload, const char *name, size_t size, size_t hosts) {
    size_t kind = 0;
    while (kind < sizeof names / sizeof *names && strcmp(names[kind], name) != 0) kind++;
    if (kind == sizeof names / sizeof *names) fail("no workload %s", name);
    make_crc_table();
    workload->kind = (enum kind)kind;
    workload->size = workload->kind == INFO ? hosts : size;
    workload->keys = allocate(workload->size * sizeof *workload->keys);
    workload->values = allocate(workload->size * sizeof *workload->values);
    workload->scores = allocate(workload->size * sizeof *workload->scores);
    for (size_t i = 0; i < workload->size; i++) {
        char score[TEXT_CAPACITY];
        int length = snprintf(score, sizeof score, "%zu", i);
        workload->keys[i] = key_of(workload->kind, i);
        workload->values[i] = (struct text){NULL, 0};
        workload->scores[i] = copy_of(score, (size_t)length);
    }
}

void workload_free(struct workload *workload) {
    for (size_t i = 0; i < workload->size; i++) {
        free((char *)workload->keys[i].bytes);
        free((char *)workload->values[i].bytes);
        free((char *)workload->scores[i].bytes);
    }
    free(workload->keys);
    free(workload->values);
    free(workload->scores);
}

/* The values that a run writes, which are others in each run. */
void workload_before(struct workload *workload, long run) {
    if (workload->kind != SET && workload->kind != MIXED_WRITES) return;
    for (size_t i = 0; i < workload->size; i++) {
        char value[TEXT_CAPACITY];
        int length = snprintf(value, sizeof value, "%ld:%zu", run, i);
        free((char *)workload->values[i].bytes);
        workload->values[i] = copy_of(value, (size_t)length);
    }
}

/* The partition of redis-blaster's default router; INFO goes to every host. */
size_t workload_host(const struct workload *workload, size_t index, size_t host_count) {
    if (workload->kind == INFO) return index;
    struct text key = workload->keys[index];
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < key.length; i++) {
        crc = crc_table[(crc ^ (unsigned char)key.bytes[i]) & 0xff] ^ (crc >> 8);
    }
    int32_t remainder = (int32_t)~crc % (int32_t)host_count;
    return (size_t)(remainder < 0 ? remainder + (int32_t)host_count : remainder);
}

static int mixed_write(const struct workload *workload, size_t index, struct text *arguments) {
    arguments[1] = workload->keys[index];
    switch (index % 4) {
        case 0:
            arguments[0] = LITERAL("HSET");
            arguments[2] = LITERAL("field");
            arguments[3] = workload->values[index];
            return 4;
        case 1:
            arguments[0] = LITERAL("HGET");
            arguments[2] = LITERAL("field");
            return 3;
        case 2: arguments[0] = LITERAL("INCR"); return 2;
        default:
            arguments[0] = LITERAL("ZADD");
            arguments[2] = workload->scores[index];
            arguments[3] = LITERAL("member");
            return 4;
    }
}

static int mixed_read(const struct workload *workload, size_t index, struct text *arguments) {
    arguments[1] = workload->keys[index];
    switch (index % 5) {
        case 0: arguments[0] = LITERAL("GET"); return 2;
        case 1:
            arguments[0] = LITERAL("HGET");
            arguments[2] = LITERAL("field");
            return 3;
        case 2:
            arguments[0] = LITERAL("ZSCORE");
            arguments[2] = LITERAL("member");
            return 3;
        case 3: arguments[0] = LITERAL("STRLEN"); return 2;
        default: arguments[0] = LITERAL("EXISTS"); return 2;
    }
}

/* Puts the arguments of a command there, and answers how many they are. */
int workload_arguments(const struct workload *workload, size_t index, struct text *arguments) {
    switch (workload->kind) {
        case MIXED_WRITES: return mixed_write(workload, index, arguments);
        case MIXED_READS: return mixed_read(workload, index, arguments);
        case INFO: arguments[0] = LITERAL("INFO"); return 1;
        case SET:
            arguments[0] = LITERAL("SET");
            arguments[1] = workload->keys[index];
            arguments[2] = workload->values[index];
            return 3;
        default:
            arguments[0] = workload->kind == HGETALL ? LITERAL("HGETALL") : LITERAL("GET");
            arguments[1] = workload->keys[index];
            return 2;
    }
}

static int is_text(const redisReply *reply, const char *text, size_t length) {
    int has_text = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
    return has_text && reply->len == length && memcmp(reply->str, text, length) == 0;
}

static int is_value(const redisReply *reply, size_t i) {
    char value[TEXT_CAPACITY];
    return is_text(reply, value, (size_t)snprintf(value, sizeof value, "value:%zu", i));
}

static int is_integer(const redisReply *reply, size_t integer) {
    return reply->type == REDIS_REPLY_INTEGER && reply->integer == (long long)integer;
}

static int is_record(const redisReply *reply, size_t i) {
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 * FIELDS) return 0;
    for (size_t j = 0; j < FIELDS; j++) {
        char field[TEXT_CAPACITY], value[TEXT_CAPACITY];
        size_t field_length = (size_t)snprintf(field, sizeof field, "field%zu", j);
        size_t value_length = (size_t)snprintf(value, sizeof value, "value:%zu:%zu", i, j);
        if (!is_text(reply->element[2 * j], field, field_length)) return 0;
        if (!is_text(reply->element[2 * j + 1], value, value_length)) return 0;
    }
    return 1;
}

static int is_big(const redisReply *reply, size_t i) {
    char head[TEXT_CAPACITY];
    size_t length = (size_t)snprintf(head, sizeof head, "value:%zu:", i);
    if (reply->type != REDIS_REPLY_STRING || reply->len != BIG_LENGTH) return 0;
    if (memcmp(reply->str, head, length) != 0) return 0;
    return strspn(reply->str + length, "x") == BIG_LENGTH - length;
}

/* Whether a text is the whole INFO of a server. */
static int is_info(const redisReply *reply) {
    if (reply->type != REDIS_REPLY_STRING || strncmp(reply->str, "# Server", 8) != 0) return 0;
    return strstr(reply->str, "\n# Keyspace\r\n") != NULL;
}

static int is_mixed_write(const struct workload *workload, size_t i, const redisReply *reply) {
    if (i % 4 != 1) return is_integer(reply, 1);
    struct text value = workload->values[i - 1];
    return is_text(reply, value.bytes, value.length);
}

static int is_mixed_read(const redisReply *reply, size_t i) {
    char text[TEXT_CAPACITY];
    switch (i % 5) {
        case 2: return is_text(reply, text, (size_t)snprintf(text, sizeof text, "%zu", i / 5));
        case 3: return is_integer(reply, (size_t)snprintf(text, sizeof text, "value:%zu", i / 5));
        case 4: return is_integer(reply, 1);
        default: return is_value(reply, i / 5);
    }
}

static int is_right(const struct workload *workload, size_t i, const redisReply *reply) {
    switch (workload->kind) {
        case GET: return is_value(reply, i);
        case SET: return is_text(reply, "OK", 2);
        case HGETALL: return is_record(reply, i);
        case BIG: return is_big(reply, i);
        case INFO: return is_info(reply);
        case MIXED_WRITES: return is_mixed_write(workload, i, reply);
        default: return is_mixed_read(reply, i);
    }
}

/* Fails if a reply is not the right one. */
void workload_check(const struct workload *workload, size_t index, const redisReply *reply) {
    if (reply != NULL && is_right(workload, index, reply)) return;
    int has_text = reply != NULL && reply->str != NULL;
    fail("wrong reply to command %zu: %.100s", index, has_text ? reply->str : "(no text)");
}
