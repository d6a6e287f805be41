/*
 * Finds members in the lines that the bench writes. Those are made by JSON.stringify, name each
 * member once in what is searched here, and have no escapes in their texts.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the value of a member begins, or NULL. */
const char *json_find(const char *json, const char *name) {
    char quoted[64];
    int length = snprintf(quoted, sizeof quoted, "\"%s\":", name);
    const char *found = strstr(json, quoted);
    return found == NULL ? NULL : found + length;
}

/* Copies a text; answers whether there is one. */
int json_text(const char *json, const char *name, char *into, size_t capacity) {
    const char *value = json_find(json, name);
    if (value == NULL || *value != '"') return 0;
    size_t length = strcspn(value + 1, "\"");
    if (length >= capacity) fail("%s is too long", name);
    memcpy(into, value + 1, length);
    into[length] = '\0';
    return 1;
}

long json_number(const char *json, const char *name, long otherwise) {
    const char *value = json_find(json, name);
    return value == NULL ? otherwise : strtol(value, NULL, 10);
}
