/* Proof of service: asking probe, and taking back. */
#include "role/confirm.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "ops/history.h"
#include "role/proof.h"
#include "store/bindings.h"
#include "store/certs.h"
#include "store/operation.h"

#include <stdio.h>
#include <string.h>

enum { RETRY_MS = 250, CHANGES_MAX = 1024, PROOF_ROOM = 1024, ERROR_TEXT = 512 };

/* Its own changes need no proof of theirs. */
static const char own_actor[] = "serve";

struct claim {
    struct proof_wish wish;
    bool is_proven;
    bool is_asked;
    int64_t again_ms; /* when it is tried again */
};

/* One operation, waiting. */
struct pending {
    struct pending *next;
    struct id operation_id;
    int64_t seq;
    int64_t deadline_ms; /* 0: not applied yet */
    struct err error;    /* of the last attempt */
    size_t claim_count;
    struct claim claims[CONFIRM_PROOFS_MAX];
};

struct confirm {
    struct worker *worker;
    struct ops *ops;
    struct peer *probe;    /* NULL: gone, another is on its way */
    struct pending *first; /* by seq */
    size_t pending_count;
    int64_t applied_seq;
    int64_t settled_seq;
    uint64_t number; /* of the last proof asked for */
    uv_timer_t timer;
    void (*on_settled)(void *ctx);
    void *settled_ctx;
    bool (*on_other)(void *ctx, const struct ipc_message *message);
    void *other_ctx;
};

/* --- what is to be proven ------------------------------------------------------------------------
 */

static bool add_certificate(struct confirm *confirm, const struct id *id, struct proof_wish *wish,
                            struct err *e) {
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    if (id_is_zero(id)) {
        return true;
    }
    if (!store_cert_get(ops_store(confirm->ops), id, &row, e)) {
        return false;
    }
    if (row != NULL) {
        memcpy(wish->sha256[wish->sha256_count++], row->sha256, sizeof(row->sha256));
    }
    return true;
}

/* Where a client on this machine reaches it, and by which name. */
static void address_claim(const struct binding_row *row, struct proof_wish *wish) {
    const char *address = str_equal(row->address, "0.0.0.0") ? "127.0.0.1"
                          : str_equal(row->address, "::")    ? "::1"
                                                             : row->address;
    bool is_wildcard = strncmp(row->host, "*.", 2) == 0;
    (void)str_copy(wish->address, sizeof(wish->address), address);
    wish->port = (uint16_t)row->port;
    wish->is_proxied = row->is_proxied;
    (void)snprintf(wish->host, sizeof(wish->host), "%s%.238s",
                   is_wildcard ? "proof-of-service." : "", row->host + (is_wildcard ? 2 : 0));
}

static bool add_claim(struct confirm *confirm, struct pending *pending, const struct id *binding_id,
                      struct err *e) {
    PL_AUTO(binding_row_freep) struct binding_row *row = NULL;
    if (pending->claim_count == CONFIRM_PROOFS_MAX) {
        return true;
    }
    if (!store_binding_get(ops_store(confirm->ops), binding_id, &row, e)) {
        return false;
    }
    if (row == NULL || row->deleted_ms != 0 || !str_equal(row->scheme, "https")) {
        return true;
    }
    struct claim *claim = &pending->claims[pending->claim_count];
    *claim = (struct claim){0};
    address_claim(row, &claim->wish);
    if (!add_certificate(confirm, &row->ec_cert_id, &claim->wish, e) ||
        !add_certificate(confirm, &row->rsa_cert_id, &claim->wish, e) ||
        !add_certificate(confirm, &row->ed25519_cert_id, &claim->wish, e)) {
        return false;
    }
    pending->claim_count++;
    return true;
}

static struct pending **end_of(struct confirm *confirm) {
    struct pending **at = &confirm->first;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    return at;
}

/* The operation of that number, unless it is one of ours. */
static bool begin_pending(struct confirm *confirm, int64_t seq, struct pending **out_pending,
                          struct err *e) {
    PL_AUTO(operation_row_freep) struct operation_row *operation = NULL;
    void *memory = NULL;
    *out_pending = NULL;
    if (!store_operation_of_seq(ops_store(confirm->ops), seq, &operation, e)) {
        return false;
    }
    if (operation == NULL || str_equal(operation->actor, own_actor) ||
        confirm->pending_count == CONFIRM_PENDING_MAX) {
        return true;
    }
    if (!mem_alloc(sizeof(struct pending), &memory, e)) {
        return false;
    }
    struct pending *made = memory;
    made->seq = seq;
    made->operation_id = operation->id;
    *end_of(confirm) = made;
    confirm->pending_count++;
    *out_pending = made;
    return true;
}

static bool claim_changes(struct confirm *confirm, const struct changed *changes, size_t count,
                          int64_t to_seq, struct err *e) {
    struct pending *pending = NULL;
    int64_t seq = 0;
    for (size_t i = 0; i < count && changes[i].seq <= to_seq; i++) {
        if (!str_equal(changes[i].table_name, "bindings")) {
            continue;
        }
        if (changes[i].seq != seq) {
            seq = changes[i].seq;
            if (!begin_pending(confirm, seq, &pending, e)) {
                return false;
            }
        }
        if (pending != NULL && !add_claim(confirm, pending, &changes[i].row_id, e)) {
            return false;
        }
    }
    return true;
}

bool confirm_changes(struct confirm *confirm, int64_t after_seq, int64_t to_seq, struct err *e) {
    PL_AUTO(mem_freep) void *changes = NULL;
    size_t count = 0;
    return mem_array(CHANGES_MAX, sizeof(struct changed), &changes, e) &&
           store_changed_since(ops_store(confirm->ops), after_seq, INT64_MAX, changes, CHANGES_MAX,
                               &count, e) &&
           claim_changes(confirm, changes, count, to_seq, e);
}

/* --- asking --------------------------------------------------------------------------------------
 */

static void ask(struct confirm *confirm, struct claim *claim) {
    PL_AUTO(buf_clear) struct buf message = {.max = PROOF_ROOM};
    struct pack_writer w = {.out = &message};
    claim->wish.number = ++confirm->number;
    claim->is_asked = true;
    proof_pack(&claim->wish, &w);
    if (confirm->probe != NULL && pack_end(&w, NULL)) {
        peer_send(confirm->probe, IPC_PROVE, message.data, message.len, -1);
    } else {
        claim->is_asked = false;
        claim->again_ms = clock_monotonic_ms() + RETRY_MS;
    }
}

static bool is_all_proven(const struct pending *pending) {
    for (size_t i = 0; i < pending->claim_count; i++) {
        if (!pending->claims[i].is_proven) {
            return false;
        }
    }
    return true;
}

static void take_back(struct confirm *confirm, const struct pending *pending) {
    PL_AUTO(operation_row_freep) struct operation_row *operation = NULL;
    struct err e = {0};
    if (pending->error.code == ERR_NONE) {
        log_event(LOG_WARNING, "not-proven", "why", "probe gave no answer; the change stands",
                  NULL);
        return;
    }
    log_error(&pending->error, "not-proven");
    bool ok =
        store_operation_get(ops_store(confirm->ops), &pending->operation_id, &operation, &e) &&
        operation != NULL && ops_undo(confirm->ops, operation, &e);
    if (ok) {
        log_event(LOG_WARNING, "rolled-back", "operation", operation->title, NULL);
    } else {
        log_error(&e, "not-rolled-back");
    }
}

static int64_t settled_now(const struct confirm *confirm) {
    return confirm->first != NULL && confirm->first->seq <= confirm->applied_seq
               ? confirm->first->seq - 1
               : confirm->applied_seq;
}

static void tell_settled(struct confirm *confirm) {
    int64_t now = settled_now(confirm);
    if (now > confirm->settled_seq) {
        confirm->settled_seq = now;
        confirm->on_settled(confirm->settled_ctx);
    }
}

/* Takes out those that are proven, and those whose time is over. */
static void settle(struct confirm *confirm) {
    int64_t now_ms = clock_monotonic_ms();
    struct pending **at = &confirm->first;
    while (*at != NULL) {
        struct pending *pending = *at;
        bool is_applied = pending->deadline_ms != 0;
        bool is_late = is_applied && now_ms >= pending->deadline_ms;
        if (!is_applied || (!is_late && !is_all_proven(pending))) {
            at = &pending->next;
            continue;
        }
        if (!is_all_proven(pending)) {
            take_back(confirm, pending);
        }
        *at = pending->next;
        confirm->pending_count--;
        mem_free(pending);
    }
    tell_settled(confirm);
}

static void on_timer(uv_timer_t *timer) {
    confirm_tick(timer->data);
}

void confirm_tick(struct confirm *confirm) {
    int64_t now_ms = clock_monotonic_ms();
    for (struct pending *pending = confirm->first; pending != NULL; pending = pending->next) {
        for (size_t i = 0; i < pending->claim_count && pending->deadline_ms != 0; i++) {
            struct claim *claim = &pending->claims[i];
            if (!claim->is_proven && !claim->is_asked && now_ms >= claim->again_ms) {
                ask(confirm, claim);
            }
        }
    }
    settle(confirm);
    if (confirm->first == NULL) {
        (void)uv_timer_stop(&confirm->timer);
    }
}

void confirm_applied(struct confirm *confirm, int64_t seq) {
    int64_t now_ms = clock_monotonic_ms();
    confirm->applied_seq = seq;
    for (struct pending *pending = confirm->first; pending != NULL; pending = pending->next) {
        if (pending->seq <= seq && pending->deadline_ms == 0) {
            pending->deadline_ms = now_ms + CONFIRM_DEADLINE_MS;
        }
    }
    confirm_tick(confirm);
    if (confirm->first != NULL) {
        (void)uv_timer_start(&confirm->timer, on_timer, RETRY_MS, RETRY_MS);
    }
}

/* --- answers -------------------------------------------------------------------------------------
 */

static struct claim *find_claim(const struct confirm *confirm, uint64_t number,
                                struct pending **out_pending) {
    for (struct pending *pending = confirm->first; pending != NULL; pending = pending->next) {
        for (size_t i = 0; i < pending->claim_count; i++) {
            if (pending->claims[i].wish.number == number) {
                *out_pending = pending;
                return &pending->claims[i];
            }
        }
    }
    return NULL;
}

static bool on_probe(void *ctx, struct peer *peer, struct ipc_message *message) {
    struct confirm *confirm = ctx;
    struct err error = {0};
    struct pending *pending = NULL;
    uint64_t number = 0;
    bool is_proven = false;
    (void)peer;
    if (message->type != IPC_PROVED) {
        return confirm->on_other != NULL && confirm->on_other(confirm->other_ctx, message);
    }
    if (!proof_read_answer(message, &number, &is_proven, &error)) {
        return false;
    }
    struct claim *claim = find_claim(confirm, number, &pending);
    if (claim == NULL) {
        return true; /* it came too late */
    }
    claim->is_asked = false;
    claim->is_proven = is_proven;
    claim->again_ms = clock_monotonic_ms() + RETRY_MS;
    if (!is_proven) {
        pending->error = error;
    }
    settle(confirm);
    return true;
}

static void on_probe_gone(void *ctx, struct peer *peer) {
    struct confirm *confirm = ctx;
    confirm->probe = NULL;
    peer_free(peer);
    for (struct pending *pending = confirm->first; pending != NULL; pending = pending->next) {
        for (size_t i = 0; i < pending->claim_count; i++) {
            pending->claims[i].is_asked = false;
        }
    }
}

bool confirm_connect(struct confirm *confirm, struct ipc_message *message) {
    const struct peer_callbacks callbacks = {
        .ctx = confirm, .message = on_probe, .gone = on_probe_gone};
    struct err e = {0};
    peer_free(PL_TAKE(confirm->probe));
    if (!worker_connect(confirm->worker, message, IPC_PROBE, &callbacks, &confirm->probe, &e)) {
        log_error(&e, "probe-not-connected");
    }
    return true;
}

struct peer *confirm_probe(const struct confirm *confirm) {
    return confirm->probe;
}

void confirm_on_other(struct confirm *confirm,
                      bool (*call)(void *ctx, const struct ipc_message *message), void *ctx) {
    confirm->on_other = call;
    confirm->other_ctx = ctx;
}

/* --- beginning and end ---------------------------------------------------------------------------
 */

static void ignore_settled(void *ctx) {
    (void)ctx;
}

bool confirm_new(struct worker *worker, struct confirm **out_confirm, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct confirm), &memory, e)) {
        return false;
    }
    struct confirm *confirm = memory;
    confirm->worker = worker;
    confirm->on_settled = ignore_settled;
    (void)uv_timer_init(&worker->loop, &confirm->timer); /* cannot fail */
    confirm->timer.data = confirm;
    *out_confirm = confirm;
    return true;
}

static void on_closed(uv_handle_t *timer) {
    mem_free(timer->data);
}

void confirm_free(struct confirm *confirm) {
    if (confirm == NULL) {
        return;
    }
    peer_free(PL_TAKE(confirm->probe));
    while (confirm->first != NULL) {
        struct pending *next = confirm->first->next;
        mem_free(confirm->first);
        confirm->first = next;
    }
    uv_close((uv_handle_t *)&confirm->timer, on_closed);
}

void confirm_set_ops(struct confirm *confirm, struct ops *ops) {
    confirm->ops = ops;
}

void confirm_on_settled(struct confirm *confirm, void (*call)(void *ctx), void *ctx) {
    confirm->on_settled = call;
    confirm->settled_ctx = ctx;
}

int64_t confirm_settled_seq(const struct confirm *confirm) {
    return confirm->settled_seq;
}
