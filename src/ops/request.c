/* Certificate requests. A request's key is deleted only with the request, and only while it is
 * pending. */
#include "ops/request.h"

#include "base/mem.h"
#include "base/str.h"
#include "ops/context.h"

#include <openssl/obj_mac.h>

#include <stdio.h>
#include <string.h>

static const char *title_name(const struct request_names *names) {
    const char *common_name = dn_get(&names->subject, NID_commonName);
    return common_name != NULL     ? common_name
           : names->sans.count > 0 ? names->sans.items[0].text
                                   : "";
}

static void list_names(const struct san_list *sans, struct list *out) {
    list_init(out, SAN_MAX);
    for (size_t i = 0; i < sans->count; i++) {
        if (!list_add(out, sans->items[i].text, NULL)) {
            return;
        }
    }
}

static bool insert_request(struct ops *ops, const struct request_wish *wish,
                           const struct sealed_key *key, const struct buf *csr, struct id *out_id,
                           struct err *e) {
    char spec[KEY_SPEC_TEXT];
    key_spec_format(&key->spec, spec);
    PL_AUTO(mem_freep) char *subject = NULL;
    PL_AUTO(list_clear) struct list names;
    list_names(&wish->names->sans, &names);
    if (!dn_format(&wish->names->subject, &subject, e)) {
        return false;
    }
    struct request_row row = {
        .key_id = key->id,
        .state = REQUEST_PENDING,
        .subject = subject,
        .names = {names.items, names.count},
        .key_spec = spec,
        .csr = {csr->data, csr->len},
        .friendly_name = wish->friendly_name,
    };
    memcpy(row.spki_sha256, key->spki_sha256, sizeof(row.spki_sha256));
    if (!store_request_insert(ops->store, &row, e)) {
        return false;
    }
    *out_id = row.id;
    return true;
}

static bool record_request(struct ops *ops, const struct request_wish *wish,
                           const struct sealed_key *key, const struct buf *csr,
                           struct request_row **out_row, struct err *e) {
    char title[OPERATION_TITLE_MAX];
    (void)snprintf(title, sizeof(title), "request new %.400s", title_name(wish->names));
    PL_AUTO(operation_rollback) struct operation op = {0};
    struct id id;
    return ops_begin(ops, &op, title, false, e) && ops_key_insert(ops, key, e) &&
           insert_request(ops, wish, key, csr, &id, e) &&
           ops_audit(ops, "request.new", "request", &id, title_name(wish->names), e) &&
           store_request_get(ops->store, &id, out_row, e) && ops_end(ops, &op, e);
}

bool ops_request_new(struct ops *ops, const struct request_wish *wish, struct list *warnings,
                     struct request_row **out_row, struct err *e) {
    struct keys *keys = NULL;
    if (!request_names_check(wish->names, warnings, e) || !ops_keys(ops, &keys, e)) {
        return false;
    }
    const struct key_wish key_wish = {
        .spec = wish->key, .purpose = KEY_PURPOSE_TLS_SERVER, .is_exportable = wish->is_exportable};
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    PL_AUTO(buf_clear) struct buf csr;
    buf_init(&csr, CSR_DER_MAX);
    return keys_make(keys, &key_wish, &key, e) &&
           keys_sign_request(keys, &key, wish->names, &csr, e) &&
           record_request(ops, wish, &key, &csr, out_row, e);
}

static bool has_name(const struct request_row *row, const char *text) {
    for (size_t i = 0; i < row->names.count; i++) {
        if (str_equal_nocase(row->names.items[i], text)) {
            return true;
        }
    }
    return false;
}

/* Counts a candidate; the first is kept. */
static bool keep_candidate(struct ops *ops, const struct request_row *candidate,
                           struct request_row **kept, size_t *count, struct err *e) {
    if (*kept != NULL && id_equal(&(*kept)->id, &candidate->id)) {
        return true;
    }
    *count += 1;
    return *kept != NULL || store_request_get(ops->store, &candidate->id, kept, e);
}

/* Requests with this host name, pending ones first; pages through all of them. */
static bool pick_by_name(struct ops *ops, const char *text, enum request_state state,
                         struct request_row **kept, size_t *count, struct err *e) {
    const struct request_filter filter = {.state = &state};
    PL_AUTO(mem_freep) char *after = NULL;
    do {
        const struct page page = {.limit = STORE_PAGE_MAX, .after = after, .is_descending = true};
        PL_AUTO(request_rows_clear) struct request_rows rows = {0};
        if (!store_request_list(ops->store, &filter, &page, &rows, e)) {
            return false;
        }
        for (size_t i = 0; i < rows.count; i++) {
            if (has_name(rows.items[i], text) &&
                !keep_candidate(ops, rows.items[i], kept, count, e)) {
                return false;
            }
        }
        mem_free(after);
        after = PL_TAKE(rows.next);
    } while (after != NULL);
    return true;
}

bool ops_request_pick(struct ops *ops, const char *text, struct request_row **out_row,
                      struct err *e) {
    PL_AUTO(request_row_freep) struct request_row *kept = NULL;
    PL_AUTO(request_rows_clear) struct request_rows found = {0};
    size_t count = 0;
    if (!store_request_find(ops->store, text, &found, e)) {
        return false;
    }
    for (size_t i = 0; i < found.count; i++) {
        if (!keep_candidate(ops, found.items[i], &kept, &count, e)) {
            return false;
        }
    }
    static const enum request_state order[] = {REQUEST_PENDING, REQUEST_INSTALLED,
                                               REQUEST_CANCELLED};
    for (size_t i = 0; i < PL_ARRAY_LEN(order) && count == 0; i++) {
        if (!pick_by_name(ops, text, order[i], &kept, &count, e)) {
            return false;
        }
    }
    if (count == 0) {
        (void)err_set(e, ERR_OPS_REQUEST_MISSING, "there is no request \"%.200s\"", text);
        return err_hint(e, "\"padlock request list\" shows all, with their ids");
    }
    if (count > 1) {
        (void)err_set(e, ERR_OPS_REQUEST_AMBIGUOUS, "%zu requests are called \"%.200s\"", count,
                      text);
        return err_hint(e, "name it by its id; \"padlock request list\" shows them");
    }
    *out_row = PL_TAKE(kept);
    return true;
}

static bool delete_key(struct ops *ops, const struct id *key_id, struct err *e) {
    PL_AUTO(key_row_freep) struct key_row *key = NULL;
    return store_key_get(ops->store, key_id, &key, e) &&
           (key == NULL || key->deleted_ms != 0 || store_key_delete(ops->store, key, e));
}

bool ops_request_cancel(struct ops *ops, struct request_row *row, struct err *e) {
    if (row->state != REQUEST_PENDING) {
        return err_set(e, ERR_OPS_REQUEST_STATE,
                       "the request is %s, only a pending one can be cancelled",
                       request_state_text(row->state));
    }
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, "request cancel", true, e) &&
           request_set_state(row, REQUEST_CANCELLED, e) &&
           store_request_update(ops->store, row, e) && delete_key(ops, &row->key_id, e) &&
           ops_audit(ops, "request.cancel", "request", &row->id, row->subject, e) &&
           ops_end(ops, &op, e);
}
