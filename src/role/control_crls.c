/*
 * Control's side of the revocation lists. One is under way at a time; an answer that does not come
 * (keys was restarted) is given up after ANSWER_MS, and the list begun anew.
 */
#include "role/control_crls.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ca/crl.h"
#include "ops/crl.h"

#include <stdio.h>

enum { LOOK_MS = 5 * 1000, ANSWER_MS = 30 * 1000, CALL_MAX = 2 * 1024 * 1024 };

struct control_crls {
    struct ops *ops;
    struct crl_work work; /* under way */
    bool is_asked;
    int64_t asked_ms; /* on the monotonic clock */
    int64_t next_ms;
};

/* --- asking --------------------------------------------------------------------------------------
 */

static bool ask(struct control_crls *crls, struct peer *keys, const struct crl_due *due,
                struct err *e) {
    PL_AUTO(buf_clear) struct buf call = {.max = CALL_MAX};
    PL_AUTO(crl_work_clear) struct crl_work work = {0};
    if (!ops_crl_begin(crls->ops, &due->issuer_id, due->shard, clock_now_ms(), &work, e) ||
        !keys_pack_sign_crl(&work.key, work.tbs.data, work.tbs.len, &call, e)) {
        return false;
    }
    peer_send(keys, IPC_KEYS_CALL, call.data, call.len, -1);
    crls->work = work;
    work = (struct crl_work){0};
    crls->is_asked = true;
    crls->asked_ms = clock_monotonic_ms();
    return true;
}

static void give_up(struct control_crls *crls) {
    crl_work_clear(&crls->work);
    crls->is_asked = false;
}

void control_crls_tick(struct control_crls *crls, struct peer *keys) {
    struct err e = {0};
    struct crl_due due;
    bool is_due = false;
    int64_t now_ms = clock_monotonic_ms();
    if (crls->is_asked && (keys == NULL || now_ms - crls->asked_ms >= ANSWER_MS)) {
        give_up(crls);
    }
    if (crls->ops == NULL || keys == NULL || crls->is_asked || now_ms < crls->next_ms) {
        return;
    }
    crls->next_ms = now_ms + LOOK_MS;
    if (!ops_crl_find_due(crls->ops, clock_now_ms(), &due, &is_due, &e) ||
        (is_due && !ask(crls, keys, &due, &e))) {
        log_error(&e, "revocation-list-not-signed");
        crls->next_ms = now_ms + CLOCK_MINUTE_MS;
    }
}

/* --- the answer ----------------------------------------------------------------------------------
 */

static bool keep(struct control_crls *crls, const struct ipc_message *message, struct err *e) {
    PL_AUTO(buf_clear) struct buf der = {.max = CA_CRL_DER_MAX};
    return keys_read_signed(message->bytes, message->len, &der, e) && crls->ops != NULL &&
           ops_crl_keep(crls->ops, &crls->work, der.data, der.len, e);
}

void control_crls_take(struct control_crls *crls, const struct ipc_message *message) {
    struct err e = {0};
    char number[24];
    if (!crls->is_asked) {
        return;
    }
    (void)snprintf(number, sizeof(number), "%lld", (long long)crls->work.row.number);
    if (keep(crls, message, &e)) {
        log_event(LOG_INFO, "revocation-list-signed", "issuer", crls->work.issuer.row->name,
                  "number", number, NULL);
        crls->next_ms = 0; /* perhaps another one is due */
    } else {
        log_error(&e, "revocation-list-not-signed");
        crls->next_ms = clock_monotonic_ms() + CLOCK_MINUTE_MS;
    }
    give_up(crls);
}

/* --- beginning and end ---------------------------------------------------------------------------
 */

bool control_crls_new(struct control_crls **out_crls, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct control_crls), &memory, e)) {
        return false;
    }
    *out_crls = memory;
    return true;
}

void control_crls_free(struct control_crls *crls) {
    if (crls != NULL) {
        crl_work_clear(&crls->work);
        mem_free(crls);
    }
}

void control_crls_set_ops(struct control_crls *crls, struct ops *ops) {
    crls->ops = ops;
}
