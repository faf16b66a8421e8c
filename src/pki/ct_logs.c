/* Lists of public logs, read strictly: a log that is not as it says spoils the list. */
#include "pki/ct_logs.h"

#include "base/clock.h"
#include "base/mem.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "pki/openssl.h"

#include <stdlib.h>
#include <string.h>

struct ct_logs {
    struct ct_log *items; /* by id */
    size_t count;
    size_t capacity;
    int64_t made_ms;
};

static void log_clear(struct ct_log *log) {
    EVP_PKEY_free(log->key);
    mem_free(log->name);
    mem_free(log->operator_name);
    for (size_t i = 0; i < log->former_count; i++) {
        mem_free(log->former[i].operator_name);
    }
    *log = (struct ct_log){0};
}

void ct_logs_free(struct ct_logs *logs) {
    if (logs == NULL) {
        return;
    }
    for (size_t i = 0; i < logs->count; i++) {
        log_clear(&logs->items[i]);
    }
    mem_free(logs->items);
    mem_free(logs);
}

/* --- one log ------------------------------------------------------------------------------------
 */

static bool refuse(const char *name, const char *what, struct err *e) {
    (void)err_set(e, ERR_PKI_CT_LOGS_MALFORMED, "log \"%.100s\": %s", name, what);
    return err_hint(e, "a list as https://www.gstatic.com/ct/log_list/v3/log_list.json is one");
}

static bool read_time(const json_t *object, const char *name, int64_t *out_ms, struct err *e) {
    const char *text = NULL;
    return json_get_text(object, name, &text, e) && clock_parse(text, out_ms, e);
}

/* The state that it says; NULL: none, or none that is known here. */
static const json_t *find_state(const json_t *one, enum ct_log_state *out_state) {
    static const char *const names[] = {"pending",  "qualified", "usable",
                                        "readonly", "retired",   "rejected"};
    const json_t *states = json_object_get(one, "state");
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        const json_t *said = json_object_get(states, names[i]);
        if (json_is_object(said)) {
            *out_state = (enum ct_log_state)i;
            return said;
        }
    }
    return NULL;
}

static bool read_key(const json_t *one, const char *name, struct ct_log *log, struct err *e) {
    PL_AUTO(buf_clear) struct buf spki = {.max = 8192};
    PL_AUTO(buf_clear) struct buf id = {.max = 64};
    const char *key_text = NULL;
    const char *id_text = NULL;
    if (!json_get_text(one, "key", &key_text, e) || !json_get_text(one, "log_id", &id_text, e) ||
        !base64_decode(key_text, strlen(key_text), &spki, e) ||
        !base64_decode(id_text, strlen(id_text), &id, e) ||
        !sha256(spki.data, spki.len, log->id, e)) {
        return false;
    }
    if (id.len != sizeof(log->id) || memcmp(id.data, log->id, sizeof(log->id)) != 0) {
        return refuse(name, "its id is not the hash of its key", e);
    }
    return key_from_spki(spki.data, spki.len, &log->key, e);
}

/* Which certificates it takes, by the end of their validity. */
static bool read_interval(const json_t *one, const char *name, struct ct_log *log, struct err *e) {
    const json_t *interval = json_object_get(one, "temporal_interval");
    if (interval == NULL || json_is_null(interval)) {
        return true;
    }
    if (!read_time(interval, "start_inclusive", &log->from_ms, e) ||
        !read_time(interval, "end_exclusive", &log->until_ms, e)) {
        return false;
    }
    return log->from_ms < log->until_ms || refuse(name, "its interval ends before it begins", e);
}

static bool read_former(const json_t *one, const char *name, struct ct_log *log, struct err *e) {
    const json_t *all = json_object_get(one, "previous_operators");
    if (json_array_size(all) > CT_LOG_FORMER_MAX) {
        return refuse(name, "it changed hands too often", e);
    }
    for (size_t i = 0; i < json_array_size(all); i++) {
        struct ct_log_former *former = &log->former[i];
        const json_t *said = json_array_get(all, i);
        const char *operator_name = NULL;
        if (!json_get_text(said, "name", &operator_name, e) ||
            !read_time(said, "end_time", &former->until_ms, e) ||
            !mem_strdup(operator_name, &former->operator_name, e)) {
            return false;
        }
        log->former_count++;
    }
    return true;
}

static bool name_of(const json_t *one, const char **out_name, struct err *e) {
    static const char *const members[] = {"description", "url", "submission_url", "log_id"};
    *out_name = NULL;
    for (size_t i = 0; i < PL_ARRAY_LEN(members) && *out_name == NULL; i++) {
        if (!json_get_optional_text(one, members[i], out_name, e)) {
            return false;
        }
    }
    return *out_name != NULL || refuse("?", "it has no name, address or id", e);
}

static bool read_log(const json_t *one, const char *operator_name, bool is_tiled,
                     struct ct_logs *logs, struct err *e) {
    const char *name = NULL;
    enum ct_log_state which = CT_LOG_REJECTED;
    const json_t *state = find_state(one, &which);
    if (!name_of(one, &name, e)) {
        return false;
    }
    if (state == NULL) {
        return true;
    }
    if (logs->count >= CT_LOGS_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "more than %d logs", CT_LOGS_MAX);
    }
    if (logs->count == logs->capacity) {
        size_t capacity = logs->capacity == 0 ? 128 : logs->capacity * 2;
        if (!mem_resize((void **)&logs->items, capacity * sizeof(logs->items[0]), e)) {
            return false;
        }
        logs->capacity = capacity;
    }
    struct ct_log *log = &logs->items[logs->count++];
    *log = (struct ct_log){.state = which, .is_tiled = is_tiled};
    return read_key(one, name, log, e) && read_time(state, "timestamp", &log->since_ms, e) &&
           read_interval(one, name, log, e) && read_former(one, name, log, e) &&
           mem_strdup(name, &log->name, e) && mem_strdup(operator_name, &log->operator_name, e);
}

/* --- the list -----------------------------------------------------------------------------------
 */

static bool read_operator(const json_t *one, struct ct_logs *logs, struct err *e) {
    static const char *const kinds[] = {"logs", "tiled_logs"};
    const char *name = NULL;
    if (!json_get_text(one, "name", &name, e)) {
        return false;
    }
    for (size_t k = 0; k < PL_ARRAY_LEN(kinds); k++) {
        const json_t *all = json_object_get(one, kinds[k]);
        for (size_t i = 0; i < json_array_size(all); i++) {
            if (!read_log(json_array_get(all, i), name, k == 1, logs, e)) {
                return false;
            }
        }
    }
    return true;
}

static int compare(const void *a, const void *b) {
    return memcmp(((const struct ct_log *)a)->id, ((const struct ct_log *)b)->id, 32);
}

static bool read_all(const json_t *document, struct ct_logs *logs, struct err *e) {
    json_t *operators = NULL;
    const char *made = NULL;
    if (!json_get_array(document, "operators", &operators, e) ||
        !json_get_optional_text(document, "log_list_timestamp", &made, e) ||
        (made != NULL && !clock_parse(made, &logs->made_ms, e))) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(operators); i++) {
        if (!read_operator(json_array_get(operators, i), logs, e)) {
            return false;
        }
    }
    if (logs->count == 0) {
        (void)err_set(e, ERR_PKI_CT_LOGS_MALFORMED, "the list names no log that browsers count");
        return err_hint(e, "a list as https://www.gstatic.com/ct/log_list/v3/log_list.json is one");
    }
    qsort(logs->items, logs->count, sizeof(logs->items[0]), compare);
    for (size_t i = 1; i < logs->count; i++) {
        if (compare(&logs->items[i - 1], &logs->items[i]) == 0) {
            return refuse(logs->items[i].name, "it stands in the list twice", e);
        }
    }
    return true;
}

bool ct_logs_read(const char *json, size_t len, struct ct_logs **out_logs, struct err *e) {
    PL_AUTO(json_freep) json_t *document = NULL;
    PL_AUTO(ct_logs_freep) struct ct_logs *logs = NULL;
    if (len > CT_LOGS_FILE_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a list of logs has at most %d bytes", CT_LOGS_FILE_MAX);
    }
    if (!json_parse(json, len, &document, e) || !mem_alloc(sizeof(*logs), (void **)&logs, e) ||
        !read_all(document, logs, e)) {
        return false;
    }
    *out_logs = PL_TAKE(logs);
    return true;
}

size_t ct_logs_count(const struct ct_logs *logs) {
    return logs->count;
}

int64_t ct_logs_made_ms(const struct ct_logs *logs) {
    return logs->made_ms;
}

const struct ct_log *ct_logs_find(const struct ct_logs *logs, const uint8_t id[32]) {
    struct ct_log wanted = {0};
    memcpy(wanted.id, id, sizeof(wanted.id));
    return bsearch(&wanted, logs->items, logs->count, sizeof(logs->items[0]), compare);
}

const char *ct_log_operator_at(const struct ct_log *log, int64_t at_ms) {
    const struct ct_log_former *ran = NULL;
    for (size_t i = 0; i < log->former_count; i++) {
        const struct ct_log_former *former = &log->former[i];
        if (at_ms < former->until_ms && (ran == NULL || former->until_ms < ran->until_ms)) {
            ran = former;
        }
    }
    return ran == NULL ? log->operator_name : ran->operator_name;
}
