/* A message's fields as paths and values: "key_share / client_shares / group": ["x25519 (…)"]. */
#include "base/mem.h"
#include "base/str.h"
#include "inspect/trace/diff_parts.h"
#include "inspect/wire/fields.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 12, PATH_MAX_LEN = DEPTH_MAX * (DIFF_NAME_MAX + 3) + 16, BYTES_SHOWN = 128 };

struct flattening {
    const json_t *fields;
    const char *digits;           /* the message's bytes */
    const char *names[DEPTH_MAX]; /* of the fields around; "" of those that only hold others */
    json_t *out;
};

/* New in every connection, or compared elsewhere: their length is all that says something. */
static bool is_random(const char *name) {
    static const char *const names[] = {"random",
                                        "legacy_session_id",
                                        "legacy_session_id_echo",
                                        "session_id",
                                        "key_exchange",
                                        "public",
                                        "signature",
                                        "verify_data",
                                        "cert_data",
                                        "encrypted_pre_master_secret",
                                        "ecdh_Yc",
                                        "dh_Yc",
                                        "dh_Ys",
                                        "ticket",
                                        "ticket_nonce",
                                        "ticket_age_add",
                                        "identity",
                                        "obfuscated_ticket_age",
                                        "binder",
                                        "cookie",
                                        "ocsp_response",
                                        "signed_certificate_timestamp_list",
                                        "sct"};
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        if (str_equal(names[i], name)) {
            return true;
        }
    }
    return false;
}

static bool only_holds_others(const char *name) {
    return str_equal(name, "body") || str_equal(name, "extensions") ||
           str_equal(name, "extension_data");
}

static bool is_leaf(const struct flattening *f, size_t index) {
    const json_t *next = json_array_get(f->fields, index + 1);
    return next == NULL || diff_number_of(next, "depth") <=
                               diff_number_of(json_array_get(f->fields, index), "depth");
}

/* --- what a field says ---------------------------------------------------------------------------
 */

/* "33 bytes" says nothing of what they are. */
static bool is_a_length(const char *value) {
    size_t digits = strspn(value, "0123456789");
    return digits > 0 &&
           (str_equal(value + digits, " bytes") || str_equal(value + digits, " byte"));
}

static bool append_digits(const struct flattening *f, const json_t *field, struct buf *out,
                          struct err *e) {
    int64_t offset = diff_number_of(field, "offset");
    int64_t len = diff_number_of(field, "length");
    int64_t whole = (int64_t)(strlen(f->digits) / 2);
    if (offset < 0 || len < 0 || offset > whole || len > whole - offset) {
        return true;
    }
    int64_t shown = len < BYTES_SHOWN ? len : BYTES_SHOWN;
    return buf_append(out, f->digits + 2 * offset, (size_t)(2 * shown), e) &&
           (shown == len || buf_append_string(out, " …", e));
}

static bool write_value(const struct flattening *f, const json_t *field, struct buf *out,
                        struct err *e) {
    const char *value = diff_text_of(field, "value");
    if (is_random(diff_name_of(field, "name"))) {
        return buf_printf(out, e, "%lld bytes", (long long)diff_number_of(field, "length"));
    }
    if (value[0] == '\0' || is_a_length(value)) {
        return append_digits(f, field, out, e);
    }
    return buf_append_string(out, value, e);
}

/* --- where it stands -----------------------------------------------------------------------------
 */

static void write_path(const struct flattening *f, size_t depth, char out[PATH_MAX_LEN]) {
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i <= depth; i++) {
        if (f->names[i][0] != '\0') {
            int more =
                snprintf(out + len, PATH_MAX_LEN - len, "%s%s", len == 0 ? "" : " / ", f->names[i]);
            len += more > 0 ? (size_t)more : 0;
        }
    }
}

static bool add_value(struct flattening *f, const char *path, const char *value, struct err *e) {
    json_t *values = json_object_get(f->out, path);
    if (values == NULL) {
        values = json_array();
        if (!json_set_taken(f->out, path, values, e)) {
            return false;
        }
    }
    return json_add_taken(values, json_string(value), e);
}

static bool add_field(struct flattening *f, size_t index, struct err *e) {
    const json_t *field = json_array_get(f->fields, index);
    const char *name = diff_name_of(field, "name");
    int64_t at = diff_number_of(field, "depth");
    size_t depth = at < 0 ? 0 : at < DEPTH_MAX ? (size_t)at : DEPTH_MAX - 1;
    char path[PATH_MAX_LEN];
    bool is_extension = str_equal(name, "extension");
    f->names[depth] = is_extension              ? diff_name_of(field, "value")
                      : only_holds_others(name) ? ""
                                                : name;
    for (size_t i = depth + 1; i < DEPTH_MAX; i++) {
        f->names[i] = "";
    }
    if (is_extension && !add_value(f, "extensions", f->names[depth], e)) {
        return false;
    }
    if (!is_leaf(f, index) || str_equal(name, "msg_type") || str_equal(name, "extension_type")) {
        return true;
    }
    write_path(f, depth, path);
    if (only_holds_others(name)) {
        return path[0] == '\0' || add_value(f, path, "sent, empty", e);
    }
    PL_AUTO(buf_clear) struct buf value = {.max = 64 * 1024};
    if (is_random(name)) {
        size_t len = strlen(path);
        (void)snprintf(path + len, sizeof(path) - len, "%s", DIFF_LENGTH_SUFFIX);
    }
    return write_value(f, field, &value, e) && add_value(f, path, buf_string(&value), e);
}

bool diff_flatten(const json_t *message, json_t **out_object, struct err *e) {
    PL_AUTO(json_freep) json_t *out = NULL;
    if (!json_new_object(&out, e)) {
        return false;
    }
    const char *digits = diff_text_of(message, "bytes");
    bool are_digits = strspn(digits, "0123456789abcdef") == strlen(digits);
    struct flattening f = {.fields = json_object_get(message, "fields"),
                           .digits = are_digits ? digits : "",
                           .out = out};
    for (size_t i = 0; i < DEPTH_MAX; i++) {
        f.names[i] = "";
    }
    size_t count = json_array_size(f.fields);
    for (size_t i = 0; i < count && i < WIRE_FIELDS_MAX; i++) {
        if (!add_field(&f, i, e)) {
            return false;
        }
    }
    *out_object = PL_TAKE(out);
    return true;
}
