/*
 * JSON over jansson. jansson refuses text that is not UTF-8, so that is repaired first. jansson
 * itself allows 2048 levels of nesting, by recursion; ours is counted before it reads.
 */
#include "codec/json.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <string.h>

static bool say_oom(struct err *e) {
    return err_set(e, ERR_BASE_OOM, "out of memory");
}

static bool hand_out(json_t *value, json_t **out_value, struct err *e) {
    if (value == NULL) {
        return say_oom(e);
    }
    *out_value = value;
    return true;
}

bool json_new_object(json_t **out_object, struct err *e) {
    return hand_out(json_object(), out_object, e);
}

bool json_new_array(json_t **out_array, struct err *e) {
    return hand_out(json_array(), out_array, e);
}

/* --- set --- */

bool json_set_taken(json_t *object, const char *name, json_t *value, struct err *e) {
    return json_object_set_new(object, name, value) == 0 || say_oom(e);
}

bool json_add_taken(json_t *array, json_t *value, struct err *e) {
    return json_array_append_new(array, value) == 0 || say_oom(e);
}

/* A JSON string; what is not UTF-8 becomes U+FFFD, byte by byte. NULL when out of memory. */
static json_t *repaired_string(const char *text) {
    size_t len = strlen(text);
    if (utf8_is_valid(text, len)) {
        return json_stringn_nocheck(text, len);
    }
    void *memory = NULL;
    struct err ignored = {0};
    if (!mem_array(len, 3, &memory, &ignored)) {
        return NULL;
    }
    PL_AUTO(mem_freep) char *repaired = memory;
    const uint8_t *at = (const uint8_t *)text;
    size_t repaired_len = 0;
    while (len > 0) {
        uint32_t c = 0;
        size_t used = utf8_char(at, len, &c);
        repaired_len += utf8_put(used == 0 ? 0xFFFD : c, repaired + repaired_len);
        at += used == 0 ? 1 : used;
        len -= used == 0 ? 1 : used;
    }
    return json_stringn_nocheck(repaired, repaired_len);
}

bool json_set_text(json_t *object, const char *name, const char *text, struct err *e) {
    return json_set_taken(object, name, text == NULL ? json_null() : repaired_string(text), e);
}

bool json_set_time(json_t *object, const char *name, int64_t time_ms, struct err *e) {
    char text[CLOCK_TEXT_LEN + 1];
    clock_format(time_ms, text);
    return json_set_taken(object, name, json_string(text), e);
}

bool json_set_hex(json_t *object, const char *name, const uint8_t *bytes, size_t len,
                  struct err *e) {
    size_t size = 0;
    void *memory = NULL;
    if (__builtin_mul_overflow(len, (size_t)2, &size) ||
        __builtin_add_overflow(size, (size_t)1, &size) || !mem_alloc(size, &memory, e)) {
        return say_oom(e);
    }
    PL_AUTO(mem_freep) char *text = memory;
    hex_encode(bytes, len, text);
    return json_set_taken(object, name, json_string(text), e);
}

bool json_set_integer(json_t *object, const char *name, int64_t value, struct err *e) {
    return json_set_taken(object, name, json_integer(value), e);
}

bool json_set_bool(json_t *object, const char *name, bool value, struct err *e) {
    return json_set_taken(object, name, json_boolean(value), e);
}

bool json_set_list(json_t *object, const char *name, const struct list *list, struct err *e) {
    PL_AUTO(json_freep) json_t *array = NULL;
    if (!json_new_array(&array, e)) {
        return false;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (!json_add_taken(array, repaired_string(list->items[i]), e)) {
            return false;
        }
    }
    return json_set_taken(object, name, PL_TAKE(array), e);
}

/* --- get --- */

static bool find_member(const json_t *object, const char *name, json_t **out_value, struct err *e) {
    json_t *value = json_object_get(object, name);
    if (value == NULL) {
        return err_set(e, ERR_CODEC_JSON_MISSING, "the member \"%s\" is missing", name);
    }
    *out_value = value;
    return true;
}

static bool say_type(const char *name, const char *type, struct err *e) {
    return err_set(e, ERR_CODEC_JSON_TYPE, "the member \"%s\" is not %s", name, type);
}

bool json_get_text(const json_t *object, const char *name, const char **out_text, struct err *e) {
    json_t *value = NULL;
    if (!find_member(object, name, &value, e)) {
        return false;
    }
    if (!json_is_string(value)) {
        return say_type(name, "a text", e);
    }
    *out_text = json_string_value(value);
    return true;
}

bool json_get_optional_text(const json_t *object, const char *name, const char **out_text,
                            struct err *e) {
    const json_t *value = json_object_get(object, name);
    if (value == NULL || json_is_null(value)) {
        *out_text = NULL;
        return true;
    }
    return json_get_text(object, name, out_text, e);
}

bool json_get_integer(const json_t *object, const char *name, int64_t *out_value, struct err *e) {
    json_t *value = NULL;
    if (!find_member(object, name, &value, e)) {
        return false;
    }
    if (!json_is_integer(value)) {
        return say_type(name, "an integer", e);
    }
    *out_value = json_integer_value(value);
    return true;
}

bool json_get_bool(const json_t *object, const char *name, bool *out_value, struct err *e) {
    json_t *value = NULL;
    if (!find_member(object, name, &value, e)) {
        return false;
    }
    if (!json_is_boolean(value)) {
        return say_type(name, "true or false", e);
    }
    *out_value = json_is_true(value);
    return true;
}

bool json_get_array(const json_t *object, const char *name, json_t **out_array, struct err *e) {
    json_t *value = NULL;
    if (!find_member(object, name, &value, e)) {
        return false;
    }
    if (!json_is_array(value)) {
        return say_type(name, "an array", e);
    }
    *out_array = value;
    return true;
}

bool json_get_object(const json_t *object, const char *name, json_t **out_object, struct err *e) {
    json_t *value = NULL;
    if (!find_member(object, name, &value, e)) {
        return false;
    }
    if (!json_is_object(value)) {
        return say_type(name, "an object", e);
    }
    *out_object = value;
    return true;
}

/* --- text --- */

/* The deepest nesting of brackets, those inside strings left out. */
static size_t nesting_of(const char *text, size_t len) {
    size_t depth = 0;
    size_t deepest = 0;
    bool is_in_string = false;
    for (size_t i = 0; i < len; i++) {
        if (is_in_string && text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            is_in_string = !is_in_string;
        } else if (!is_in_string && (text[i] == '[' || text[i] == '{')) {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else if (!is_in_string && (text[i] == ']' || text[i] == '}') && depth > 0) {
            depth--;
        }
    }
    return deepest;
}

bool json_parse(const char *text, size_t len, json_t **out_value, struct err *e) {
    if (nesting_of(text, len) > JSON_DEPTH_MAX) {
        return err_set(e, ERR_CODEC_JSON_SYNTAX, "the JSON text is nested more than %d levels deep",
                       JSON_DEPTH_MAX);
    }
    json_error_t error;
    json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (value != NULL) {
        *out_value = value;
        return true;
    }
    if (json_error_code(&error) == json_error_out_of_memory || error.text[0] == '\0') {
        return say_oom(e);
    }
    return err_set(e, ERR_CODEC_JSON_SYNTAX, "the text is not JSON: line %d, column %d: %s",
                   error.line, error.column, error.text);
}

struct sink {
    struct buf *out;
    struct err *e;
};

static int write_some(const char *bytes, size_t len, void *context) {
    struct sink *sink = context;
    return buf_append(sink->out, bytes, len, sink->e) ? 0 : -1;
}

bool json_write(const json_t *value, bool is_pretty, struct buf *out, struct err *e) {
    struct err why = {0};
    struct sink sink = {.out = out, .e = &why};
    size_t flags = (is_pretty ? JSON_INDENT(2) : JSON_COMPACT) | JSON_ENCODE_ANY;
    if (json_dump_callback(value, write_some, &sink, flags) == 0) {
        return true;
    }
    return err_is_set(&why) ? err_set(e, why.code, "%s", why.step[0]) : say_oom(e);
}
