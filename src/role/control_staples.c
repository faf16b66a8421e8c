/* Control's side of stapling. */
#include "role/control_staples.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "ops/staple.h"
#include "role/log_gate.h"
#include "role/stapling.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    PAGE = 50,                      /* certificates looked at in a second */
    PASS_MS = 60 * 1000,            /* from one walk's begin to the next's, at least */
    PATIENCE_MS = 60 * 1000,        /* then nobody answers any more */
    RETRY_FIRST_MS = 5 * 60 * 1000, /* after a failure, and twice as long after each other */
    RETRY_LAST_MS = 6 * 60 * 60 * 1000,
    FAILURES_MAX = 1000 * 1000,
};

/* One that is being asked for. */
struct asked {
    uint64_t number; /* 0: free */
    struct id cert_id;
    int64_t since_ms;
};

/* A certificate whose responder did not do; in the map by its id. */
struct failure {
    int64_t again_ms;
    int64_t wait_ms;
};

struct control_staples {
    struct ops *ops;
    struct map *failures;
    struct asked asked[STAPLES_ASKED_MAX];
    uint64_t number;
    struct log_gate gate;
    char *after; /* where the walk is; NULL: at its begin */
    int64_t pass_ms;
    bool is_walking;
};

bool control_staples_new(struct control_staples **out_staples, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct control_staples), &memory, e)) {
        return false;
    }
    *out_staples = memory;
    return map_new(FAILURES_MAX, &(*out_staples)->failures, e);
}

void control_staples_free(struct control_staples *staples) {
    size_t cursor = 0;
    const void *key = NULL;
    size_t key_len = 0;
    void *failure = NULL;
    if (staples == NULL) {
        return;
    }
    while (staples->failures != NULL &&
           map_next(staples->failures, &cursor, &key, &key_len, &failure)) {
        mem_free(failure);
    }
    map_free(staples->failures);
    mem_free(staples->after);
    mem_free(staples);
}

void control_staples_set_ops(struct control_staples *staples, struct ops *ops) {
    staples->ops = ops;
}

/* --- failures ------------------------------------------------------------------------------------
 */

static void remember_failure(struct control_staples *s, const struct id *cert_id) {
    struct failure *failure = map_get(s->failures, cert_id->bytes, ID_LEN);
    if (failure == NULL) {
        void *memory = NULL;
        if (!mem_alloc(sizeof(struct failure), &memory, NULL)) {
            return;
        }
        failure = memory;
        failure->wait_ms = RETRY_FIRST_MS / 2;
        if (!map_set(s->failures, cert_id->bytes, ID_LEN, failure, NULL, NULL)) {
            mem_free(failure);
            return;
        }
    }
    failure->wait_ms = failure->wait_ms * 2 > RETRY_LAST_MS ? RETRY_LAST_MS : failure->wait_ms * 2;
    failure->again_ms = clock_monotonic_ms() + failure->wait_ms;
}

static void forget_failure(struct control_staples *s, const struct id *cert_id) {
    mem_free(map_remove(s->failures, cert_id->bytes, ID_LEN));
}

static bool may_be_asked(const struct control_staples *s, const struct id *cert_id) {
    const struct failure *failure = map_get(s->failures, cert_id->bytes, ID_LEN);
    for (size_t i = 0; i < STAPLES_ASKED_MAX; i++) {
        if (s->asked[i].number != 0 && id_equal(&s->asked[i].cert_id, cert_id)) {
            return false;
        }
    }
    return failure == NULL || failure->again_ms <= clock_monotonic_ms();
}

/* --- asking --------------------------------------------------------------------------------------
 */

static struct asked *find_free(struct control_staples *s) {
    for (size_t i = 0; i < STAPLES_ASKED_MAX; i++) {
        if (s->asked[i].number == 0) {
            return &s->asked[i];
        }
    }
    return NULL;
}

static void drop_unanswered(struct control_staples *s) {
    for (size_t i = 0; i < STAPLES_ASKED_MAX; i++) {
        struct asked *asked = &s->asked[i];
        if (asked->number != 0 && clock_monotonic_ms() - asked->since_ms >= PATIENCE_MS) {
            remember_failure(s, &asked->cert_id);
            asked->number = 0;
        }
    }
}

static void ask(struct control_staples *s, struct asked *asked, const struct id *cert_id,
                const struct staple_need *need, struct peer *probe) {
    PL_AUTO(buf_clear) struct buf message = {.max = STAPLING_ASK_MAX};
    struct pack_writer w = {.out = &message};
    const struct stapling_wish wish = {.number = ++s->number,
                                       .url = need->url,
                                       .cert = need->cert->der,
                                       .cert_len = need->cert->der_len,
                                       .issuer = need->issuer->der,
                                       .issuer_len = need->issuer->der_len};
    stapling_pack(&wish, &w);
    if (pack_end(&w, NULL)) {
        *asked = (struct asked){
            .number = s->number, .cert_id = *cert_id, .since_ms = clock_monotonic_ms()};
        peer_send(probe, IPC_ASK_RESPONDER, message.data, message.len, -1);
    }
}

/* The next certificates; *out_is_full when there is no room for one that needs a response. */
static bool look_at_page(struct control_staples *s, const struct cert_rows *rows,
                         struct peer *probe, bool *out_is_full, struct err *e) {
    for (size_t i = 0; i < rows->count; i++) {
        const struct cert_row *row = rows->items[i];
        PL_AUTO(staple_need_clear) struct staple_need need = {0};
        if (!may_be_asked(s, &row->id)) {
            continue;
        }
        if (!ops_staple_need(s->ops, row, clock_now_ms(), &need, e)) {
            return false;
        }
        struct asked *asked = need.cert == NULL ? NULL : find_free(s);
        *out_is_full = need.cert != NULL && asked == NULL;
        if (*out_is_full) {
            return true; /* this page once more, when there is */
        }
        if (asked != NULL) {
            ask(s, asked, &row->id, &need, probe);
        }
    }
    return true;
}

static bool walk(struct control_staples *s, struct peer *probe, struct err *e) {
    static const struct cert_filter bound = {.binding = CERT_WITH};
    const struct page page = {.limit = PAGE, .after = s->after};
    PL_AUTO(cert_rows_clear) struct cert_rows rows = {0};
    bool is_full = false;
    if (!store_cert_list(ops_store(s->ops), &bound, CERT_SORT_AGE, &page, &rows, e) ||
        !look_at_page(s, &rows, probe, &is_full, e)) {
        return false;
    }
    if (!is_full) {
        mem_free(s->after);
        s->after = PL_TAKE(rows.next);
        s->is_walking = s->after != NULL;
    }
    return true;
}

static void tell_missed(struct control_staples *s) {
    char count[24];
    uint64_t missed = log_gate_take_missed(&s->gate, clock_monotonic_ms(), false);
    if (missed > 0) {
        (void)snprintf(count, sizeof(count), "%" PRIu64, missed);
        log_event(LOG_WARNING, "staple-not-fetched", "more", count, NULL);
    }
}

void control_staples_tick(struct control_staples *staples, struct peer *probe) {
    struct err e = {0};
    int64_t now_ms = clock_monotonic_ms();
    if (staples->ops == NULL || probe == NULL) {
        return;
    }
    drop_unanswered(staples);
    tell_missed(staples);
    if (!staples->is_walking && (staples->pass_ms == 0 || now_ms - staples->pass_ms >= PASS_MS)) {
        staples->is_walking = true;
        staples->pass_ms = now_ms;
    }
    if (staples->is_walking && !walk(staples, probe, &e)) {
        log_error(&e, "staples-not-looked-at");
        staples->is_walking = false;
    }
}

/* --- answers -------------------------------------------------------------------------------------
 */

static bool keep(const struct control_staples *s, const struct id *cert_id,
                 const struct stapling_answer *answer, struct err *e) {
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    if (answer->der == NULL) {
        *e = answer->error;
        return false;
    }
    return s->ops != NULL && store_cert_get(ops_store(s->ops), cert_id, &row, e) &&
           (row == NULL || row->deleted_ms != 0 ||
            ops_cert_staple_renew(s->ops, row, answer->der, answer->der_len, e));
}

bool control_staples_take(struct control_staples *staples, const struct ipc_message *message) {
    struct stapling_answer answer = {0};
    struct err e = {0};
    if (!stapling_read_answer(message->bytes, message->len, &answer)) {
        return false;
    }
    for (size_t i = 0; i < STAPLES_ASKED_MAX && answer.number != 0; i++) {
        struct asked *asked = &staples->asked[i];
        if (asked->number != answer.number) {
            continue;
        }
        asked->number = 0;
        if (keep(staples, &asked->cert_id, &answer, &e)) {
            forget_failure(staples, &asked->cert_id);
        } else {
            remember_failure(staples, &asked->cert_id);
            if (log_gate_passes(&staples->gate, clock_monotonic_ms())) {
                log_warning(&e, "staple-not-fetched");
            }
        }
    }
    return true;
}
