/* The comparison, section by section. Runs in the command line, on documents that may be hostile.
 */
#include "inspect/trace/diff.h"

#include "base/str.h"
#include "inspect/trace/diff_parts.h"
#include "inspect/trace/record.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 160, FLIGHTS_MAX = TRACE_RECORDS_MAX };

/* --- reading -------------------------------------------------------------------------------------
 */

const char *diff_text_of(const json_t *o, const char *name) {
    const char *text = json_string_value(json_object_get(o, name));
    return text == NULL ? "" : text;
}

const char *diff_name_of(const json_t *o, const char *name) {
    const char *text = diff_text_of(o, name);
    return strlen(text) > DIFF_NAME_MAX ? "…" : text;
}

int64_t diff_number_of(const json_t *o, const char *name) {
    return json_integer_value(json_object_get(o, name));
}

json_t *diff_one(const char *text) {
    json_t *array = json_array();
    if (array != NULL && text[0] != '\0' && json_array_append_new(array, json_string(text)) != 0) {
        json_decref(array);
        return NULL;
    }
    return array;
}

static json_t *one_member(const json_t *o, const char *name) {
    return diff_one(diff_text_of(o, name));
}

static json_t *one_number(const json_t *o, const char *name, const char *unit) {
    char text[64] = "";
    if (json_is_integer(json_object_get(o, name))) {
        (void)snprintf(text, sizeof(text), "%lld%s", (long long)diff_number_of(o, name), unit);
    }
    return diff_one(text);
}

static json_t *one_time(const json_t *o, const char *name) {
    char text[64] = "";
    int64_t us = diff_number_of(o, name);
    if (json_is_integer(json_object_get(o, name)) && us >= 0) {
        (void)snprintf(text, sizeof(text), "%lld.%lld ms", (long long)(us / 1000),
                       (long long)(us % 1000 / 100));
    }
    return diff_one(text);
}

static json_t *one_claim(const json_t *o, const char *name, const char *yes, const char *no) {
    const json_t *value = json_object_get(o, name);
    return diff_one(json_is_true(value) ? yes : json_is_false(value) ? no : "");
}

/* The texts of an array, as far as they are texts. */
static json_t *texts_of(const json_t *array) {
    json_t *out = json_array();
    for (size_t i = 0; out != NULL && i < json_array_size(array); i++) {
        json_t *text = json_array_get(array, i);
        if (json_is_string(text) && json_array_append(out, text) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

bool trace_diff_check(const json_t *document, struct err *e) {
    const json_t *handshakes = json_object_get(document, "handshakes");
    size_t count = json_array_size(handshakes);
    bool is_fine = json_is_string(json_object_get(document, "target")) && count > 0 &&
                   count <= DIFF_HANDSHAKES_MAX;
    for (size_t i = 0; is_fine && i < count; i++) {
        const json_t *handshake = json_array_get(handshakes, i);
        is_fine = json_is_object(json_object_get(handshake, "agreed")) &&
                  json_is_array(json_object_get(handshake, "messages"));
    }
    if (!is_fine) {
        (void)err_set(e, ERR_INSPECT_DIFF, "this is not what \"padlock trace --json\" prints");
        return err_hint(e, "save one with \"padlock trace --json HOST >FILE\"");
    }
    return true;
}

/* --- rows ----------------------------------------------------------------------------------------
 */

bool diff_open(struct diff *d, const char *id, const char *title, struct err *e) {
    json_t *section = json_object();
    json_t *rows = json_array();
    bool ok = json_set_text(section, "id", id, e) && json_set_text(section, "title", title, e);
    bool has_rows = json_set_taken(section, "rows", rows, e);
    d->rows = rows;
    d->section = id;
    return json_add_taken(d->sections, section, e) && ok && has_rows;
}

bool diff_close(struct diff *d, struct err *e) {
    size_t last = json_array_size(d->sections) - 1;
    return json_array_size(d->rows) > 0 || json_array_remove(d->sections, last) == 0 ||
           err_set(e, ERR_BASE_OOM, "out of memory");
}

/* What is in these and not in those, as often as it is there. */
static json_t *lacking(const json_t *these, const json_t *those) {
    json_t *counts = json_object();
    json_t *out = json_array();
    bool ok = counts != NULL && out != NULL;
    for (size_t i = 0; ok && i < json_array_size(those); i++) {
        const char *text = json_string_value(json_array_get(those, i));
        json_int_t count = json_integer_value(json_object_get(counts, text));
        ok = json_object_set_new(counts, text, json_integer(count + 1)) == 0;
    }
    for (size_t i = 0; ok && i < json_array_size(these); i++) {
        const char *text = json_string_value(json_array_get(these, i));
        json_int_t count = json_integer_value(json_object_get(counts, text));
        ok = count > 0 ? json_object_set_new(counts, text, json_integer(count - 1)) == 0
                       : json_array_append(out, json_array_get(these, i)) == 0;
    }
    json_decref(counts);
    if (!ok) {
        json_decref(out);
        return NULL;
    }
    return out;
}

/* Of lists: what each alone has, and whether the rest is in another order. */
static bool set_lists(json_t *row, const json_t *a, const json_t *b, struct err *e) {
    json_t *only_a = lacking(a, b);
    json_t *only_b = lacking(b, a);
    bool is_reordered =
        only_a != NULL && only_b != NULL && json_array_size(only_a) + json_array_size(only_b) == 0;
    bool has_a = json_set_taken(row, "only_a", only_a, e);
    bool has_b = json_set_taken(row, "only_b", only_b, e);
    return has_a && has_b && json_set_bool(row, "is_reordered", is_reordered, e);
}

static bool set_meaning(const struct diff *d, json_t *row, const char *name, const json_t *a,
                        const json_t *b, struct err *e) {
    PL_AUTO(buf_clear) struct buf meaning = {.max = 8192};
    return diff_meaning(d->section, name, a, b, &meaning, e) &&
           (meaning.len == 0 || json_set_text(row, "meaning", buf_string(&meaning), e));
}

static bool fill_row(struct diff *d, json_t *row, const char *name, enum diff_kind kind, json_t *a,
                     json_t *b, struct err *e) {
    bool is_same = json_equal(a, b) == 1;
    bool is_list = json_array_size(a) > 1 || json_array_size(b) > 1;
    if (!is_same && kind == DIFF_FACT) {
        d->difference_count++;
    }
    if (!json_set_text(row, "name", name, e) ||
        !json_set_text(row, "kind", kind == DIFF_FACT ? "fact" : "measure", e) ||
        !json_set_bool(row, "is_same", is_same, e) ||
        !json_set_taken(row, "a", json_incref(a), e) ||
        !json_set_taken(row, "b", json_incref(b), e)) {
        return false;
    }
    return is_same || ((!is_list || set_lists(row, a, b, e)) && set_meaning(d, row, name, a, b, e));
}

bool diff_add(struct diff *d, const char *name, enum diff_kind kind, json_t *a, json_t *b,
              struct err *e) {
    PL_AUTO(json_freep) json_t *left = a;
    PL_AUTO(json_freep) json_t *right = b;
    if (a == NULL || b == NULL) {
        return err_set(e, ERR_BASE_OOM, "out of memory");
    }
    if (json_array_size(a) + json_array_size(b) == 0) {
        return true;
    }
    if (++d->row_count > DIFF_ROWS_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "the traces have more fields than are compared");
    }
    json_t *row = json_object();
    bool ok = row != NULL && fill_row(d, row, name, kind, a, b, e);
    return json_add_taken(d->rows, row, e) && ok;
}

/* --- sections ------------------------------------------------------------------------------------
 */

static bool compare_result(struct diff *d, const json_t *a, const json_t *b, struct err *e) {
    static const char *const members[] = {"sentence", "by", "alert", "field", "meaning"};
    const json_t *fail_a = json_object_get(a, "failure");
    const json_t *fail_b = json_object_get(b, "failure");
    if (!diff_open(d, "result", "How it ended", e) ||
        !diff_add(d, "handshake", DIFF_FACT, one_member(a, "title"), one_member(b, "title"), e) ||
        !diff_add(d, "result", DIFF_FACT, one_claim(a, "is_complete", "complete", "failed"),
                  one_claim(b, "is_complete", "complete", "failed"), e)) {
        return false;
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(members); i++) {
        char name[NAME_SIZE];
        (void)snprintf(name, sizeof(name), "failure: %s", members[i]);
        if (!diff_add(d, name, DIFF_FACT, one_member(fail_a, members[i]),
                      one_member(fail_b, members[i]), e)) {
            return false;
        }
    }
    return diff_close(d, e);
}

static json_t *agreed_value(const json_t *agreed, const char *name) {
    const json_t *value = json_object_get(agreed, name);
    return json_is_object(value)    ? one_member(value, "name")
           : json_is_boolean(value) ? one_claim(agreed, name, "yes", "no")
                                    : one_member(agreed, name);
}

static bool compare_agreed(struct diff *d, const json_t *a, const json_t *b, struct err *e) {
    static const struct {
        const char *member;
        const char *name;
    } rows[] = {{"version", "version"},
                {"suite", "suite"},
                {"key_exchange", "key exchange"},
                {"group", "group"},
                {"signature", "signature"},
                {"protocol", "protocol"},
                {"is_resumed", "resumed"},
                {"was_retried", "second hello"},
                {"has_extended_master_secret", "extended master secret"},
                {"has_encrypt_then_mac", "encrypt then MAC"},
                {"asks_for_certificate", "asks for a client certificate"},
                {"sent_certificate", "client certificate sent"}};
    const json_t *agreed_a = json_object_get(a, "agreed");
    const json_t *agreed_b = json_object_get(b, "agreed");
    bool ok = diff_open(d, "agreed", "What was agreed", e);
    for (size_t i = 0; ok && i < PL_ARRAY_LEN(rows); i++) {
        ok = diff_add(d, rows[i].name, DIFF_FACT, agreed_value(agreed_a, rows[i].member),
                      agreed_value(agreed_b, rows[i].member), e);
    }
    const json_t *print_a = json_object_get(a, "fingerprint");
    const json_t *print_b = json_object_get(b, "fingerprint");
    return ok &&
           diff_add(d, "JA4S", DIFF_FACT, one_member(print_a, "ja4s"), one_member(print_b, "ja4s"),
                    e) &&
           diff_add(d, "JA3S", DIFF_FACT, one_member(print_a, "ja3s"), one_member(print_b, "ja3s"),
                    e) &&
           diff_close(d, e);
}

/* The nth of that name, 0 the first. */
static const json_t *find_check(const json_t *checks, const char *member, const char *name,
                                size_t nth) {
    for (size_t i = 0; i < json_array_size(checks) && i < TRACE_CHECKS_MAX; i++) {
        const json_t *check = json_array_get(checks, i);
        if (str_equal(diff_name_of(check, member), name) && nth-- == 0) {
            return check;
        }
    }
    return NULL;
}

/* How many before it have its name. */
static size_t which_of_its_name(const json_t *checks, const char *member, size_t index) {
    const char *name = diff_name_of(json_array_get(checks, index), member);
    size_t count = 0;
    for (size_t i = 0; i < index; i++) {
        count += str_equal(diff_name_of(json_array_get(checks, i), member), name) ? 1 : 0;
    }
    return count;
}

static bool add_check(struct diff *d, const char *prefix, const char *name, const json_t *a,
                      const json_t *b, struct err *e) {
    char label[NAME_SIZE];
    (void)snprintf(label, sizeof(label), "%s%s", prefix, name);
    return diff_add(d, label, DIFF_FACT, one_member(a, "outcome"), one_member(b, "outcome"), e);
}

/* The checks of the handshake, or of the certificate, by what the member calls them. */
static bool add_checks(struct diff *d, const json_t *a, const json_t *b, const char *member,
                       const char *prefix, struct err *e) {
    bool ok = true;
    for (size_t i = 0; ok && i < json_array_size(a) && i < TRACE_CHECKS_MAX; i++) {
        const json_t *check = json_array_get(a, i);
        const char *name = diff_name_of(check, member);
        ok = add_check(d, prefix, name, check,
                       find_check(b, member, name, which_of_its_name(a, member, i)), e);
    }
    for (size_t i = 0; ok && i < json_array_size(b) && i < TRACE_CHECKS_MAX; i++) {
        const json_t *check = json_array_get(b, i);
        const char *name = diff_name_of(check, member);
        bool is_new = find_check(a, member, name, which_of_its_name(b, member, i)) == NULL;
        ok = !is_new || add_check(d, prefix, name, NULL, check, e);
    }
    return ok;
}

static bool add_certificate(struct diff *d, size_t index, const json_t *a, const json_t *b,
                            struct err *e) {
    static const char *const members[] = {"subject",   "issuer", "key",  "signature_algorithm",
                                          "not_after", "serial", "ja4x", "sha256"};
    char name[NAME_SIZE];
    for (size_t i = 0; i < PL_ARRAY_LEN(members); i++) {
        (void)snprintf(name, sizeof(name), "%zu: %s", index + 1, members[i]);
        if (!diff_add(d, name, DIFF_FACT, one_member(a, members[i]), one_member(b, members[i]),
                      e)) {
            return false;
        }
    }
    (void)snprintf(name, sizeof(name), "%zu: names", index + 1);
    return diff_add(d, name, DIFF_FACT, texts_of(json_object_get(a, "names")),
                    texts_of(json_object_get(b, "names")), e);
}

static json_t *one_count(const json_t *array) {
    char text[32];
    (void)snprintf(text, sizeof(text), "%zu", json_array_size(array));
    return diff_one(text);
}

static bool compare_certificates(struct diff *d, const json_t *a, const json_t *b, struct err *e) {
    const json_t *certs_a = json_object_get(a, "certificates");
    const json_t *certs_b = json_object_get(b, "certificates");
    size_t count_a = json_array_size(certs_a);
    size_t count_b = json_array_size(certs_b);
    if (count_a + count_b == 0) {
        return true;
    }
    bool ok = diff_open(d, "certificates", "The server's certificates", e) &&
              diff_add(d, "count", DIFF_FACT, one_count(certs_a), one_count(certs_b), e) &&
              add_checks(d, json_object_get(a, "verification"), json_object_get(b, "verification"),
                         "check", "check: ", e);
    for (size_t i = 0; ok && (i < count_a || i < count_b) && i < TRACE_CERTS_MAX; i++) {
        ok = add_certificate(d, i, json_array_get(certs_a, i), json_array_get(certs_b, i), e);
    }
    return ok && diff_close(d, e);
}

static bool compare_checks(struct diff *d, const json_t *a, const json_t *b, struct err *e) {
    return diff_open(d, "checks", "Checks of the handshake", e) &&
           add_checks(d, json_object_get(a, "checks"), json_object_get(b, "checks"), "name", "",
                      e) &&
           diff_close(d, e);
}

/* --- messages ------------------------------------------------------------------------------------
 */

/* "client ClientHello", "server NewSessionTicket 2": in order, each with its message. */
static bool name_messages(const json_t *handshake, json_t **out_object, struct err *e) {
    const json_t *messages = json_object_get(handshake, "messages");
    PL_AUTO(json_freep) json_t *named = NULL;
    if (!json_new_object(&named, e)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(messages) && i < TRACE_MESSAGES_MAX; i++) {
        json_t *message = json_array_get(messages, i);
        char name[NAME_SIZE];
        int number = 1;
        do {
            char again[16] = "";
            if (number > 1) {
                (void)snprintf(again, sizeof(again), " %d", number);
            }
            (void)snprintf(name, sizeof(name), "%s %s%s", diff_name_of(message, "from"),
                           diff_name_of(message, "name"), again);
            number++;
        } while (json_object_get(named, name) != NULL);
        if (!json_set_taken(named, name, json_incref(message), e)) {
            return false;
        }
    }
    *out_object = PL_TAKE(named);
    return true;
}

static json_t *names_in(json_t *named) {
    json_t *out = json_array();
    const char *name = NULL;
    json_t *message = NULL;
    json_object_foreach(named, name, message) {
        if (out == NULL || json_array_append_new(out, json_string(name)) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static json_t *values_at(const json_t *fields, const char *path) {
    json_t *values = json_object_get(fields, path);
    return values == NULL ? json_array() : json_incref(values);
}

static enum diff_kind kind_of(const char *path) {
    return str_ends_with(path, DIFF_LENGTH_SUFFIX) ? DIFF_MEASURE : DIFF_FACT;
}

static bool compare_fields(struct diff *d, const char *name, const json_t *a, const json_t *b,
                           struct err *e) {
    PL_AUTO(json_freep) json_t *fields_a = NULL;
    PL_AUTO(json_freep) json_t *fields_b = NULL;
    const char *path = NULL;
    json_t *values = NULL;
    if (!diff_flatten(a, &fields_a, e) || !diff_flatten(b, &fields_b, e) ||
        !diff_open(d, "message", name, e)) {
        return false;
    }
    json_object_foreach(fields_a, path, values) {
        if (!diff_add(d, path, kind_of(path), json_incref(values), values_at(fields_b, path), e)) {
            return false;
        }
    }
    json_object_foreach(fields_b, path, values) {
        bool is_new = json_object_get(fields_a, path) == NULL;
        if (is_new && !diff_add(d, path, kind_of(path), json_array(), json_incref(values), e)) {
            return false;
        }
    }
    return diff_close(d, e);
}

/* Field by field of the messages that both have. */
static bool compare_messages(struct diff *d, json_t *a, json_t *b, struct err *e) {
    const char *name = NULL;
    json_t *message = NULL;
    if (!diff_open(d, "messages", "Messages", e) ||
        !diff_add(d, "in their order", DIFF_FACT, names_in(a), names_in(b), e) ||
        !diff_close(d, e)) {
        return false;
    }
    json_object_foreach(a, name, message) {
        const json_t *other = json_object_get(b, name);
        if (other != NULL && !compare_fields(d, name, message, other, e)) {
            return false;
        }
    }
    return true;
}

static bool compare_measures(struct diff *d, const json_t *a, const json_t *b, json_t *messages_a,
                             json_t *messages_b, struct err *e) {
    const json_t *flights_a = json_object_get(a, "flights");
    const json_t *flights_b = json_object_get(b, "flights");
    const char *name = NULL;
    json_t *message = NULL;
    bool ok =
        diff_open(d, "measures", "Sizes and times", e) &&
        diff_add(d, "in all", DIFF_MEASURE, one_time(a, "took_us"), one_time(b, "took_us"), e);
    for (size_t i = 0; ok && i < FLIGHTS_MAX && json_array_get(flights_a, i) != NULL; i++) {
        const json_t *of_a = json_array_get(flights_a, i);
        const json_t *of_b = json_array_get(flights_b, i);
        char label[NAME_SIZE];
        (void)snprintf(label, sizeof(label), "flight %zu (%s): bytes", i + 1,
                       diff_name_of(of_a, "from"));
        ok = diff_add(d, label, DIFF_MEASURE, one_number(of_a, "bytes", " bytes"),
                      one_number(of_b, "bytes", " bytes"), e);
        (void)snprintf(label, sizeof(label), "flight %zu (%s): after", i + 1,
                       diff_name_of(of_a, "from"));
        ok = ok && diff_add(d, label, DIFF_MEASURE, one_time(of_a, "waited_us"),
                            one_time(of_b, "waited_us"), e);
    }
    json_object_foreach(messages_a, name, message) {
        const json_t *other = json_object_get(messages_b, name);
        ok = ok && (other == NULL ||
                    diff_add(d, name, DIFF_MEASURE, one_number(message, "length", " bytes"),
                             one_number(other, "length", " bytes"), e));
    }
    return ok && diff_close(d, e);
}

/* --- the whole -----------------------------------------------------------------------------------
 */

static bool compare_handshakes(struct diff *d, const json_t *a, const json_t *b, struct err *e) {
    PL_AUTO(json_freep) json_t *messages_a = NULL;
    PL_AUTO(json_freep) json_t *messages_b = NULL;
    return name_messages(a, &messages_a, e) && name_messages(b, &messages_b, e) &&
           compare_result(d, a, b, e) && compare_agreed(d, a, b, e) &&
           compare_certificates(d, a, b, e) && compare_checks(d, a, b, e) &&
           compare_messages(d, messages_a, messages_b, e) &&
           compare_measures(d, a, b, messages_a, messages_b, e);
}

static json_t *side_object(const json_t *document, struct err *e) {
    static const char *const members[] = {"target", "host", "address", "starttls", "lab", "time"};
    json_t *o = json_object();
    bool ok = o != NULL;
    for (size_t i = 0; ok && i < PL_ARRAY_LEN(members); i++) {
        ok = json_set_text(o, members[i], diff_text_of(document, members[i]), e);
    }
    ok = ok && json_set_integer(o, "port", diff_number_of(document, "port"), e) &&
         json_set_integer(o, "handshakes",
                          (int64_t)json_array_size(json_object_get(document, "handshakes")), e);
    if (!ok) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static bool fill_diff(json_t *diff, const json_t *a, const json_t *b, struct err *e) {
    const json_t *of_a = json_object_get(a, "handshakes");
    const json_t *of_b = json_object_get(b, "handshakes");
    size_t both = json_array_size(of_a) < json_array_size(of_b) ? json_array_size(of_a)
                                                                : json_array_size(of_b);
    /* A handshake that one alone has is one difference. */
    struct diff d = {.difference_count = json_array_size(of_a) == json_array_size(of_b) ? 0 : 1};
    json_t *handshakes = json_array();
    if (!json_set_taken(diff, "a", side_object(a, e), e) ||
        !json_set_taken(diff, "b", side_object(b, e), e)) {
        json_decref(handshakes);
        return false;
    }
    if (!json_set_taken(diff, "handshakes", handshakes, e)) {
        return false;
    }
    for (size_t i = 0; i < both; i++) {
        json_t *handshake = json_object();
        d.sections = json_array();
        bool ok = json_set_taken(handshake, "sections", d.sections, e);
        if (!json_add_taken(handshakes, handshake, e) || !ok ||
            !compare_handshakes(&d, json_array_get(of_a, i), json_array_get(of_b, i), e)) {
            return false;
        }
    }
    return json_set_integer(diff, "differences", (int64_t)d.difference_count, e);
}

bool trace_diff(const json_t *a, const json_t *b, json_t **out_diff, struct err *e) {
    PL_AUTO(json_freep) json_t *diff = NULL;
    if (!json_new_object(&diff, e) || !fill_diff(diff, a, b, e)) {
        return err_is_set(e) ? false : err_set(e, ERR_BASE_OOM, "out of memory");
    }
    *out_diff = PL_TAKE(diff);
    return true;
}

size_t trace_diff_count(const json_t *diff) {
    return (size_t)diff_number_of(diff, "differences");
}
