/* Revocation lists: numbered, written from the store, signed, compared, kept. */
#include "ops/crl.h"

#include "base/clock.h"
#include "base/mem.h"
#include "ca/crl.h"
#include "ca/reason.h"
#include "ops/context.h"
#include "pki/crl.h"
#include "store/issued.h"

#include <string.h>

enum { ENTRIES_FIRST = 64 };

void crl_work_clear(struct crl_work *work) {
    issuer_clear(&work->issuer);
    sealed_key_clear(&work->key);
    buf_clear(&work->tbs);
    *work = (struct crl_work){0};
}

/* --- what it says --- */

struct entries {
    struct ca_crl_entry *items;
    size_t count;
    size_t capacity;
};

static void entries_clear(struct entries *entries) {
    mem_free(entries->items);
}

static bool add_entry(void *user, const struct revoked *revoked, struct err *e) {
    struct entries *entries = user;
    if (entries->count == entries->capacity) {
        size_t capacity = entries->capacity == 0 ? ENTRIES_FIRST : 2 * entries->capacity;
        void *items = entries->items;
        if (entries->count >= CA_CRL_ENTRIES_MAX) {
            return err_set(e, ERR_BASE_LIMIT, "more than %d entries", CA_CRL_ENTRIES_MAX);
        }
        if (!mem_resize(&items, capacity * sizeof(entries->items[0]), e)) {
            return false;
        }
        entries->items = items;
        entries->capacity = capacity;
    }
    struct ca_crl_entry *entry = &entries->items[entries->count++];
    *entry = (struct ca_crl_entry){.serial.len = revoked->serial_len,
                                   .revoked_ms = revoked->revoked_ms,
                                   .reason = revoked->reason};
    memcpy(entry->serial.bytes, revoked->serial, revoked->serial_len);
    return true;
}

static int64_t lifetime_of(const struct issuer_row *issuer) {
    int64_t usual_ms =
        issuer->kind == ISSUER_ROOT ? CA_ROOT_CRL_LIFETIME_MAX_MS / 2 : CA_CRL_LIFETIME_MS;
    return issuer->crl_lifetime_ms > 0 ? issuer->crl_lifetime_ms : usual_ms;
}

/* Expired ones stay on it for a day: clocks differ. */
static bool write_list(struct ops *ops, struct crl_work *work, struct err *e) {
    PL_AUTO(entries_clear) struct entries entries = {0};
    if (!store_issued_each_revoked(ops->store, &work->row.issuer_id, work->row.shard,
                                   work->row.this_update_ms - CLOCK_DAY_MS, add_entry, &entries,
                                   e)) {
        return false;
    }
    const struct ca_crl crl = {.entries = entries.items,
                               .entry_count = entries.count,
                               .shard = work->row.shard,
                               .number = (uint64_t)work->row.number,
                               .this_update_ms = work->row.this_update_ms,
                               .next_update_ms = work->row.next_update_ms};
    work->entry_count = entries.count;
    buf_init(&work->tbs, CA_CRL_DER_MAX);
    return ca_crl_tbs(&work->issuer.ca, &crl, &work->tbs, e);
}

static bool take_number(struct ops *ops, const struct id *issuer_id, int64_t *out_number,
                        struct err *e) {
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, "ca crl", false, e) &&
           store_issuer_next_crl_number(ops->store, issuer_id, out_number, e) &&
           ops_end(ops, &op, e);
}

bool ops_crl_begin(struct ops *ops, const struct id *issuer_id, unsigned shard, int64_t now_ms,
                   struct crl_work *out_work, struct err *e) {
    PL_AUTO(crl_work_clear)
    struct crl_work work = {.row = {.issuer_id = *issuer_id, .shard = shard}};
    if (!ops_issuer_get(ops, issuer_id, &work.issuer, e) ||
        !ops_key_load(ops, &work.issuer.row->key_id, &work.key, e) ||
        !take_number(ops, issuer_id, &work.row.number, e)) {
        return false;
    }
    /* To the second, as it is written. */
    work.row.this_update_ms = now_ms - now_ms % CLOCK_SECOND_MS;
    work.row.next_update_ms = work.row.this_update_ms + lifetime_of(work.issuer.row);
    if (!write_list(ops, &work, e)) {
        return false;
    }
    *out_work = work;
    work = (struct crl_work){0};
    return true;
}

/* --- what was signed --- */

/* The list as it was written, and the issuer's signature on it. */
static bool compare(const struct crl_work *work, const uint8_t *der, size_t len, struct err *e) {
    PL_AUTO(crl_freep) struct crl *crl = NULL;
    if (!crl_from_der(der, len, &crl, e)) {
        return false;
    }
    unsigned char *bytes = NULL;
    int tbs_len = i2d_re_X509_CRL_tbs(crl->x509_crl, &bytes);
    bool is_same = tbs_len > 0 && (size_t)tbs_len == work->tbs.len &&
                   memcmp(bytes, work->tbs.data, work->tbs.len) == 0 &&
                   crl_is_signed_by(crl, work->issuer.certificate);
    OPENSSL_free(bytes);
    return is_same || err_set(e, ERR_CA_SIGNED_DIFFERS, "what was signed is not what was recorded");
}

bool ops_crl_keep(struct ops *ops, struct crl_work *work, const uint8_t *der, size_t len,
                  struct err *e) {
    PL_AUTO(operation_rollback) struct operation op = {0};
    PL_AUTO(crl_row_freep) struct crl_row *there = NULL;
    work->row.der = (struct bytes){der, len};
    if (!compare(work, der, len, e) || !ops_begin(ops, &op, "ca crl", false, e) ||
        !store_crl_find(ops->store, &work->row.issuer_id, work->row.shard, &there, e)) {
        return false;
    }
    if (there != NULL && there->number > work->row.number) {
        return true;
    }
    return store_crl_put(ops->store, &work->row, e) &&
           ops_audit(ops, "ca.crl", "issuer", &work->row.issuer_id, work->issuer.row->name, e) &&
           ops_end(ops, &op, e);
}

bool ops_crl_make(struct ops *ops, const struct id *issuer_id, unsigned shard, int64_t now_ms,
                  struct err *e) {
    struct keys *keys = NULL;
    PL_AUTO(crl_work_clear) struct crl_work work = {0};
    PL_AUTO(buf_clear) struct buf der = {.max = CA_CRL_DER_MAX};
    return ops_keys(ops, &keys, e) && ops_crl_begin(ops, issuer_id, shard, now_ms, &work, e) &&
           keys_sign_crl(keys, &work.key, work.tbs.data, work.tbs.len, &der, e) &&
           ops_crl_keep(ops, &work, der.data, der.len, e);
}

/* --- which are due --- */

static int64_t reissue_after(const struct crl_row *row, enum issuer_kind kind) {
    int64_t half_ms = (row->next_update_ms - row->this_update_ms) / 2;
    return kind == ISSUER_ROOT || half_ms < CA_CRL_REISSUE_MS ? half_ms : CA_CRL_REISSUE_MS;
}

/* A revocation that came after the list, or in the same second. */
static bool find_due(struct ops *ops, const struct issuer_row *issuer, int64_t now_ms,
                     struct crl_due *out, bool *out_is_due, struct err *e) {
    for (unsigned shard = 0; shard < issuer->crl_shard_count && !*out_is_due; shard++) {
        PL_AUTO(crl_row_freep) struct crl_row *row = NULL;
        if (!store_crl_find(ops->store, &issuer->id, shard, &row, e)) {
            return false;
        }
        *out = (struct crl_due){.issuer_id = issuer->id, .shard = shard};
        *out_is_due =
            row == NULL || now_ms >= row->this_update_ms + reissue_after(row, issuer->kind);
        if (!*out_is_due && !store_issued_has_revoked(ops->store, &issuer->id, shard,
                                                      row->this_update_ms, out_is_due, e)) {
            return false;
        }
    }
    return true;
}

bool ops_crl_find_due(struct ops *ops, int64_t now_ms, struct crl_due *out_due, bool *out_is_due,
                      struct err *e) {
    PL_AUTO(mem_freep) char *after = NULL;
    *out_is_due = false;
    do {
        const struct page page = {.limit = STORE_PAGE_MAX, .after = after};
        PL_AUTO(issuer_rows_clear) struct issuer_rows rows = {0};
        if (!store_issuer_list(ops->store, &page, &rows, e)) {
            return false;
        }
        for (size_t i = 0; i < rows.count && !*out_is_due; i++) {
            const struct issuer_row *row = rows.items[i];
            if (now_ms < row->not_after_ms && !find_due(ops, row, now_ms, out_due, out_is_due, e)) {
                return false;
            }
        }
        mem_free(after);
        after = PL_TAKE(rows.next);
    } while (after != NULL && !*out_is_due);
    return true;
}

bool ops_crl_get(struct ops *ops, const struct id *issuer_id, unsigned shard,
                 struct crl_row **out_row, struct err *e) {
    if (!store_crl_find(ops->store, issuer_id, shard, out_row, e)) {
        return false;
    }
    if (*out_row == NULL) {
        (void)err_set(e, ERR_OPS_CRL_MISSING, "there is no revocation list yet");
        return err_hint(e, "\"padlock ca crl --renew\" signs one; a running server does so itself");
    }
    return true;
}
