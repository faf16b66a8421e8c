/* Handshake signatures by another process. Process: net. */
#include "role/signer.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"

#include <openssl/async.h>

#include <string.h>

enum { SLOT_BITS = 12, TICK_MS = 250, MESSAGE_MAX = 512 };
_Static_assert(1 << SLOT_BITS == SIGNER_WAITING_MAX, "an id holds a slot");

/* A handshake that waits; it lies on the stack of its own paused job. */
struct waiter {
    uint32_t id;
    bool is_answered;
    bool is_ok;
    int64_t since_ms;
    void *connection; /* net_current() */
    const struct key_handle *key;
    enum remote_kind kind;
    uint16_t scheme;
    const uint8_t *input;
    size_t input_len;
    uint8_t *out;
    size_t out_len;
    struct err *error;
    struct waiter *earlier; /* by time */
    struct waiter *later;
};

struct signer {
    struct worker *worker;
    struct net *net;
    struct peer *keys; /* NULL: gone, another is on its way */
    uv_timer_t tick;
    struct waiter *slots[SIGNER_WAITING_MAX];
    uint16_t free_slots[SIGNER_WAITING_MAX];
    size_t free_count;
    uint32_t serial;
    struct waiter *first;
    struct waiter *last;
    struct net_figures *figures;
    void (*on_ticket_key)(void *ctx, const struct ticket_key *key);
    void *ticket_ctx;
};

/* --- those who wait ------------------------------------------------------------------------------
 */

static void enlist(struct signer *s, struct waiter *w) {
    uint16_t slot = s->free_slots[--s->free_count];
    w->id = ++s->serial << SLOT_BITS | slot;
    w->earlier = s->last;
    *(s->last == NULL ? &s->first : &s->last->later) = w;
    s->last = w;
    s->slots[slot] = w;
    net_figure_add(s->figures, NET_SIGNATURES_WAITING, 1);
}

static void delist(struct signer *s, struct waiter *w) {
    uint16_t slot = (uint16_t)(w->id & (SIGNER_WAITING_MAX - 1));
    *(w->earlier == NULL ? &s->first : &w->earlier->later) = w->later;
    *(w->later == NULL ? &s->last : &w->later->earlier) = w->earlier;
    s->slots[slot] = NULL;
    s->free_slots[s->free_count++] = slot;
    net_figure_sub(s->figures, NET_SIGNATURES_WAITING, 1);
}

static void ask(struct signer *s, const struct waiter *w) {
    PL_AUTO(buf_clear) struct buf message = {.max = MESSAGE_MAX};
    struct pack_writer pack = {.out = &message};
    pack_u32(&pack, w->id);
    pack_id(&pack, &w->key->id);
    pack_u8(&pack, (uint8_t)w->kind);
    pack_u16(&pack, w->scheme);
    pack_bytes(&pack, w->input, w->input_len);
    if (s->keys != NULL && pack_end(&pack, NULL)) {
        peer_send(s->keys, IPC_SIGN, message.data, message.len, -1);
    }
}

/* Out of the list, and its handshake goes on, which may end its connection and others. */
static void wake(struct signer *s, struct waiter *w) {
    w->is_answered = true;
    delist(s, w);
    net_resume(s->net, w->connection);
}

static void on_tick(uv_timer_t *tick) {
    struct signer *s = tick->data;
    int64_t now_ms = (int64_t)uv_now(&s->worker->loop);
    struct waiter *w = NULL;
    while ((w = s->first) != NULL && now_ms - w->since_ms >= SIGNER_TIMEOUT_MS) {
        (void)err_set(w->error, ERR_TLS_SIGNER, "the process that holds the keys did not answer");
        net_figure_add(s->figures, NET_SIGNATURES_FAILED, 1);
        wake(s, w);
    }
    if (s->first == NULL) {
        (void)uv_timer_stop(tick);
    }
}

/* What the provider calls, within the job of the connection that is under way. */
static bool sign(void *ctx, const struct key_handle *key, enum remote_kind kind, uint16_t scheme,
                 const uint8_t *input, size_t input_len, uint8_t out[REMOTE_SIGNATURE_MAX],
                 size_t *out_len, struct err *e) {
    struct signer *s = ctx;
    if (s->free_count == 0 || ASYNC_get_current_job() == NULL) {
        net_figure_add(s->figures, NET_SIGNATURES_FAILED, 1);
        return err_set(e, ERR_TLS_SIGNER, "more than %d handshakes wait for a signature",
                       SIGNER_WAITING_MAX);
    }
    struct err unused;
    struct waiter w = {.key = key,
                       .kind = kind,
                       .scheme = scheme,
                       .input = input,
                       .input_len = input_len,
                       .error = e == NULL ? &unused : e,
                       .since_ms = (int64_t)uv_now(&s->worker->loop),
                       .connection = net_current(s->net)};
    w.out = out;
    enlist(s, &w);
    net_figure_add(s->figures, NET_SIGNATURES, 1);
    ask(s, &w);
    if (!uv_is_active((const uv_handle_t *)&s->tick)) {
        (void)uv_timer_start(&s->tick, on_tick, TICK_MS, TICK_MS);
    }
    (void)ASYNC_pause_job();
    if (!w.is_answered) {
        delist(s, &w);
        return err_set(e, ERR_TLS_SIGNER, "the connection ended before its signature came");
    }
    *out_len = w.out_len;
    return w.is_ok;
}

struct remote_signer signer_remote(struct signer *signer) {
    return (struct remote_signer){.sign = sign, .ctx = signer};
}

/* --- answers -------------------------------------------------------------------------------------
 */

static bool on_signed(struct signer *s, const struct ipc_message *message) {
    struct unpack_reader r;
    struct err error = {0};
    const uint8_t *signature = NULL;
    size_t len = 0;
    unpack_init(&r, message->bytes, message->len);
    uint32_t id = unpack_u32(&r);
    bool is_ok = unpack_bool(&r);
    if (is_ok) {
        signature = unpack_bytes(&r, REMOTE_SIGNATURE_MAX, &len);
    } else {
        unpack_err(&r, &error);
    }
    if (!unpack_is_done(&r) || (is_ok && len == 0)) {
        return false;
    }
    struct waiter *w = s->slots[id & (SIGNER_WAITING_MAX - 1)];
    if (w == NULL || w->id != id) {
        return true; /* its connection has ended */
    }
    w->is_ok = is_ok;
    w->out_len = len;
    if (is_ok) {
        memcpy(w->out, signature, len);
    } else {
        *w->error = error;
        net_figure_add(s->figures, NET_SIGNATURES_FAILED, 1);
    }
    wake(s, w);
    return true;
}

static bool on_ticket_key(struct signer *s, const struct ipc_message *message) {
    struct ticket_key key;
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    unpack_raw(&r, key.name, sizeof(key.name));
    unpack_raw(&r, key.aes, sizeof(key.aes));
    unpack_raw(&r, key.mac, sizeof(key.mac));
    key.not_before_ms = unpack_i64(&r);
    bool ok = unpack_is_done(&r);
    if (ok && s->on_ticket_key != NULL) {
        s->on_ticket_key(s->ticket_ctx, &key);
    }
    secret_cleanse(&key, sizeof(key));
    return ok;
}

void signer_on_ticket_key(struct signer *signer,
                          void (*call)(void *ctx, const struct ticket_key *key), void *ctx) {
    signer->on_ticket_key = call;
    signer->ticket_ctx = ctx;
}

static bool on_message(void *ctx, struct peer *peer, struct ipc_message *message) {
    (void)peer;
    return message->type == IPC_SIGNED ? on_signed(ctx, message) : on_ticket_key(ctx, message);
}

static void on_gone(void *ctx, struct peer *peer) {
    struct signer *s = ctx;
    log_event(LOG_WARNING, "keys-gone", "why", peer_broken_because(peer), NULL);
    peer_free(PL_TAKE(s->keys));
}

bool signer_connect(struct signer *signer, struct ipc_message *message) {
    const struct peer_callbacks callbacks = {.ctx = signer, .message = on_message, .gone = on_gone};
    struct err e = {0};
    peer_free(PL_TAKE(signer->keys));
    if (!worker_connect(signer->worker, message, IPC_KEYS, &callbacks, &signer->keys, &e)) {
        log_error(&e, "keys-not-connected");
        return true; /* not the supervisor's fault */
    }
    for (const struct waiter *w = signer->first; w != NULL; w = w->later) {
        ask(signer, w);
    }
    return true;
}

/* --- beginning and end ---------------------------------------------------------------------------
 */

bool signer_new(struct worker *worker, struct net_figures *figures, struct signer **out_signer,
                struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct signer), &memory, e)) {
        return false;
    }
    struct signer *s = memory;
    s->worker = worker;
    s->figures = figures;
    for (size_t i = 0; i < SIGNER_WAITING_MAX; i++) {
        s->free_slots[i] = (uint16_t)(SIGNER_WAITING_MAX - 1 - i);
    }
    s->free_count = SIGNER_WAITING_MAX;
    (void)uv_timer_init(&worker->loop, &s->tick); /* cannot fail */
    s->tick.data = s;
    *out_signer = s;
    return true;
}

static void on_closed(uv_handle_t *tick) {
    mem_free(tick->data);
}

void signer_free(struct signer *signer) {
    if (signer != NULL) {
        peer_free(PL_TAKE(signer->keys));
        uv_close((uv_handle_t *)&signer->tick, on_closed);
    }
}

void signer_set_net(struct signer *signer, struct net *net) {
    signer->net = net;
}
