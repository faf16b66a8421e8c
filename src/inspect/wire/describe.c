/* Fields: how they are written down. Reads what strangers send; every read is bounded. */
#include "inspect/wire/describe.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void wire_fields_clear(struct wire_fields *fields) {
    mem_free(fields->items);
    *fields = (struct wire_fields){.arena = fields->arena};
}

/* --- writing down --------------------------------------------------------------------------------
 */

static bool grow(struct wire_fields *out) {
    size_t capacity = out->capacity == 0 ? 32 : out->capacity * 2;
    void *memory = out->items;
    if (!mem_resize(&memory, capacity * sizeof(*out->items), NULL)) {
        return false;
    }
    out->items = memory;
    out->capacity = capacity;
    return true;
}

/* SIZE_MAX: there is no room for it. */
static size_t add(struct describer *d, const char *name, const char *about, const uint8_t *at,
                  size_t len) {
    struct wire_fields *out = d->out;
    if (d->is_full || out->count >= WIRE_FIELDS_MAX) {
        return SIZE_MAX;
    }
    if (out->count == out->capacity && !grow(out)) {
        d->is_full = true;
        return SIZE_MAX;
    }
    bool is_last = out->count + 1 == WIRE_FIELDS_MAX;
    out->items[out->count] =
        (struct wire_field){.name = is_last ? "more" : name,
                            .value = is_last ? "too many fields: the rest is not shown" : "",
                            .about = is_last ? "" : about,
                            .offset = (uint32_t)(at - d->start),
                            .len = (uint32_t)len,
                            .depth = d->depth};
    return out->count++;
}

void describe_say(struct describer *d, size_t field, const char *format, ...) {
    char text[WIRE_VALUE_MAX];
    char *copy = NULL;
    if (field == SIZE_MAX || field + 1 == WIRE_FIELDS_MAX) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    size_t kept = len < 0 ? 0 : (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;
    if (!arena_string(d->out->arena, text, kept, &copy, NULL)) {
        d->is_full = true;
        return;
    }
    d->out->items[field].value = copy;
}

void describe_explain(struct describer *d, size_t field, const char *about) {
    if (field != SIZE_MAX && field + 1 != WIRE_FIELDS_MAX) {
        d->out->items[field].about = about;
    }
}

/* Where the message stops making sense. Told once. */
static void malformed(struct describer *d, const uint8_t *at, size_t len, const char *value) {
    if (d->out->is_malformed) {
        return;
    }
    d->out->is_malformed = true;
    size_t field = add(d, "malformed", "", at, len);
    describe_say(d, field, "%s", value);
}

/* --- reading -------------------------------------------------------------------------------------
 */

uint32_t describe_number(struct describer *d, size_t size, const char *name, describe_value value,
                         const char *about) {
    const uint8_t *at = d->r.at;
    if (d->r.is_failed) {
        return 0;
    }
    uint32_t number = wire_read(&d->r, size);
    if (d->r.is_failed) {
        malformed(d, at, d->r.left, "the message ends in the middle of a number");
        return 0;
    }
    char text[WIRE_VALUE_MAX] = "";
    size_t field = add(d, name, about, at, size);
    if (value == NULL) {
        (void)snprintf(text, sizeof(text), "%u", number);
    } else {
        value(number, text);
    }
    describe_say(d, field, "%s", text);
    return number;
}

struct wire_span describe_bytes(struct describer *d, size_t len, const char *name,
                                const char *about) {
    const uint8_t *at = d->r.at;
    if (d->r.is_failed) {
        return (struct wire_span){0};
    }
    struct wire_span span = wire_take(&d->r, len);
    if (d->r.is_failed) {
        malformed(d, at, d->r.left, "the message ends too early");
        return span;
    }
    (void)add(d, name, about, at, len);
    return span;
}

static void say_text(struct describer *d, size_t field, struct wire_span text) {
    describe_say(d, field, "%.*s", (int)(text.len < 300 ? text.len : 300),
                 text.bytes == NULL ? "" : (const char *)text.bytes);
}

struct wire_span describe_text(struct describer *d, size_t len, const char *name,
                               const char *about) {
    size_t field = d->out->count;
    struct wire_span span = describe_bytes(d, len, name, about);
    if (!d->r.is_failed && field < d->out->count) {
        say_text(d, field, span);
    }
    return span;
}

static struct wire_span vector(struct describer *d, size_t size, const char *name,
                               const char *about, size_t *out_field) {
    const uint8_t *at = d->r.at;
    *out_field = SIZE_MAX;
    if (d->r.is_failed) {
        return (struct wire_span){0};
    }
    struct wire_span span = wire_vector(&d->r, size);
    if (d->r.is_failed) {
        malformed(d, at, d->r.left, "a length says more than there is");
        return span;
    }
    *out_field = add(d, name, about, at, size + span.len);
    return span;
}

struct wire_span describe_vector(struct describer *d, size_t size, const char *name,
                                 const char *about) {
    size_t field = 0;
    struct wire_span span = vector(d, size, name, about, &field);
    if (!d->r.is_failed) {
        describe_say(d, field, span.len == 0 ? "empty" : "%zu bytes", span.len);
    }
    return span;
}

struct wire_span describe_text_vector(struct describer *d, size_t size, const char *name,
                                      const char *about) {
    size_t field = 0;
    struct wire_span span = vector(d, size, name, about, &field);
    if (!d->r.is_failed) {
        say_text(d, field, span);
    }
    return span;
}

struct describe_scope describe_open(struct describer *d, size_t size, const char *name,
                                    const char *about) {
    struct describe_scope scope = {.field = SIZE_MAX};
    const uint8_t *at = d->r.at;
    if (d->r.is_failed) {
        return scope;
    }
    size_t len = size == 0 ? d->r.left : wire_read(&d->r, size);
    if (d->r.is_failed || len > d->r.left) {
        malformed(d, at, d->r.left + (d->r.is_failed ? 0 : size),
                  "a length says more than there is");
        d->r.is_failed = true;
        return scope;
    }
    scope.field = add(d, name, about, at, size + len);
    describe_say(d, scope.field, len == 0 ? "empty" : "%zu byte%s", len, len == 1 ? "" : "s");
    scope.outside = d->r.left - len;
    d->r.left = len;
    d->depth++;
    return scope;
}

bool describe_has_more(const struct describer *d) {
    return !d->r.is_failed && d->r.left > 0 && !d->is_full;
}

void describe_close(struct describer *d, const struct describe_scope *scope) {
    if (d->r.is_failed) {
        return;
    }
    if (d->r.left > 0 && !d->is_full) {
        malformed(d, d->r.at, d->r.left, "bytes that belong to nothing");
    }
    d->r.at += d->r.left;
    d->r.left = scope->outside;
    d->depth--;
}

/* --- numbers of the registries -------------------------------------------------------------------
 */

uint32_t describe_entry(struct describer *d, enum tls_kind kind, const char *name,
                        const char *about) {
    size_t field = d->out->count;
    uint32_t code = describe_number(d, 2, name, NULL, about);
    if (d->r.is_failed || field >= d->out->count) {
        return code;
    }
    const struct tls_entry *entry = tls_registry_find(kind, (uint16_t)code);
    bool is_grease = entry == NULL && tls_is_grease((uint16_t)code);
    describe_say(d, field, "%s (0x%04x)",
                 entry != NULL ? entry->name
                 : is_grease   ? "GREASE"
                               : "unknown",
                 code);
    if (about[0] == '\0') {
        describe_explain(d, field,
                         entry != NULL ? entry->about
                         : is_grease   ? "means nothing: keeps servers tolerant of the unknown"
                                       : "");
    }
    return code;
}

void describe_list(struct describer *d, size_t length_size, enum tls_kind kind, const char *name,
                   const char *about) {
    static const char *const items[] = {"suite", "group", "scheme", "extension", "version"};
    struct describe_scope scope = describe_open(d, length_size, name, about);
    size_t count = d->r.left / 2;
    while (describe_has_more(d)) {
        (void)describe_entry(d, kind, items[kind], "");
    }
    if (!d->r.is_failed) {
        describe_say(d, scope.field, "%zu", count);
    }
    describe_close(d, &scope);
}
