/* Requests to the services, in the order in which they came. Process: net-services. */
#include "role/forwarder.h"

#include "base/log.h"
#include "base/mem.h"
#include "service/frame.h"

enum { SLOT_BITS = 10, TICK_MS = 500, QUEUE_SHARE = IPC_QUEUE_MAX / 2 };
_Static_assert(1 << SLOT_BITS == FORWARDER_WAITING_MAX, "a ticket holds a slot");
_Static_assert((size_t)FORWARDER_WINDOW *SERVICE_ANSWER_MAX < IPC_QUEUE_MAX,
               "the answers of a window fit into control's queue");

struct waiting {
    uint32_t ticket;
    void *connection; /* NULL: it has ended */
    struct buf frame; /* kept while it may have to be sent again */
    size_t len;       /* of the frame, as it counts in the window */
    int64_t since_ms;
    bool is_safe;
    bool is_sent;
    struct waiting *later;
};

struct forwarder {
    struct worker *worker;
    struct net *net;
    struct peer *control; /* NULL: gone, another is on its way */
    uv_timer_t tick;
    struct waiting *slots[FORWARDER_WAITING_MAX];
    size_t count;
    uint32_t serial;
    size_t next_slot;
    struct waiting *first;
    struct waiting *last;
    size_t sent_count;
    size_t sent_len;
};

/* --- those who wait ------------------------------------------------------------------------------
 */

static struct waiting *find(const struct forwarder *f, uint32_t ticket) {
    struct waiting *w = f->slots[ticket & (FORWARDER_WAITING_MAX - 1)];
    return w != NULL && w->ticket == ticket ? w : NULL;
}

static void count_sent(struct forwarder *f, struct waiting *w) {
    w->is_sent = true;
    f->sent_count++;
    f->sent_len += w->len;
}

static void count_unsent(struct forwarder *f, struct waiting *w) {
    f->sent_count -= w->is_sent ? 1 : 0;
    f->sent_len -= w->is_sent ? w->len : 0;
    w->is_sent = false;
}

static void remove_waiting(struct forwarder *f, struct waiting *w) {
    struct waiting **at = &f->first;
    struct waiting *before = NULL;
    while (*at != w) {
        before = *at;
        at = &(*at)->later;
    }
    *at = w->later;
    f->last = f->last == w ? before : f->last;
    f->slots[w->ticket & (FORWARDER_WAITING_MAX - 1)] = NULL;
    f->count--;
    count_unsent(f, w);
    buf_clear(&w->frame);
    mem_free(w);
}

/* Out of the list, and the connection goes on, which may end it and others. */
static void finish(struct forwarder *f, struct waiting *w, struct http_response *response) {
    void *connection = w->connection;
    remove_waiting(f, w);
    if (connection != NULL) {
        net_answer(f->net, connection, response);
    }
}

static void make_page(struct http_response *response, int status, const char *sentence) {
    http_response_init(response, status);
    if (!http_response_add(response, "Retry-After", "1", NULL) ||
        !http_response_set_page(response, status, sentence, NULL)) {
        response->must_close = true;
        response->status = status;
    }
}

static void finish_with(struct forwarder *f, struct waiting *w, int status, const char *sentence) {
    struct http_response response;
    make_page(&response, status, sentence);
    finish(f, w, &response);
    http_response_clear(&response);
}

/* --- sending -------------------------------------------------------------------------------------
 */

static bool has_room(const struct forwarder *f, const struct waiting *w) {
    return f->sent_count == 0 ||
           (f->sent_count < FORWARDER_WINDOW && f->sent_len + w->len <= QUEUE_SHARE);
}

static void send_one(struct forwarder *f, struct waiting *w) {
    peer_send(f->control, IPC_REQUEST, w->frame.data, w->frame.len, -1);
    count_sent(f, w);
    if (!w->is_safe) {
        buf_clear(&w->frame);
    }
}

static void send_waiting(struct forwarder *f) {
    for (struct waiting *w = f->first; w != NULL && f->control != NULL; w = w->later) {
        if (w->is_sent || w->connection == NULL) {
            continue;
        }
        if (!has_room(f, w)) {
            return;
        }
        send_one(f, w);
    }
}

static bool is_overdue(const struct forwarder *f, const struct waiting *w) {
    return (int64_t)uv_now(&f->worker->loop) - w->since_ms >= FORWARDER_TIMEOUT_MS;
}

/* The first is the oldest; its client is told. One that was sent stays in the window until its
 * answer is there, for it still is in control's queue. */
static bool expire_one(struct forwarder *f) {
    struct http_response response;
    struct waiting *w = f->first;
    while (w != NULL && w->connection == NULL) {
        w = w->later;
    }
    if (w == NULL || !is_overdue(f, w)) {
        return false;
    }
    make_page(&response, 504, "The answer did not come in time.");
    if (w->is_sent) {
        net_answer(f->net, PL_TAKE(w->connection), &response);
    } else {
        finish(f, w, &response);
    }
    http_response_clear(&response);
    return true;
}

static void on_tick(uv_timer_t *tick) {
    struct forwarder *f = tick->data;
    while (expire_one(f)) {
    }
    if (f->first == NULL) {
        (void)uv_timer_stop(tick);
    }
    send_waiting(f);
}

static uint32_t take_slot(struct forwarder *f) {
    while (f->slots[f->next_slot] != NULL) {
        f->next_slot = (f->next_slot + 1) % FORWARDER_WAITING_MAX;
    }
    return ++f->serial << SLOT_BITS | (uint32_t)f->next_slot;
}

bool forwarder_forward(struct forwarder *f, void *connection, bool is_safe, struct buf *request,
                       uint32_t *out_ticket) {
    void *memory = NULL;
    if (f->count == FORWARDER_WAITING_MAX || !mem_alloc(sizeof(struct waiting), &memory, NULL)) {
        return false;
    }
    struct waiting *w = memory;
    *w = (struct waiting){.ticket = take_slot(f),
                          .connection = connection,
                          .len = request->len,
                          .since_ms = (int64_t)uv_now(&f->worker->loop),
                          .is_safe = is_safe};
    w->frame = *request;
    *request = (struct buf){.max = request->max};
    service_request_set_number(&w->frame, w->ticket);
    f->slots[w->ticket & (FORWARDER_WAITING_MAX - 1)] = w;
    *(f->last == NULL ? &f->first : &f->last->later) = w;
    f->last = w;
    f->count++;
    *out_ticket = w->ticket;
    send_waiting(f);
    if (!uv_is_active((const uv_handle_t *)&f->tick)) {
        (void)uv_timer_start(&f->tick, on_tick, TICK_MS, TICK_MS);
    }
    return true;
}

void forwarder_forget(struct forwarder *f, uint32_t ticket) {
    struct waiting *w = find(f, ticket);
    if (w == NULL) {
        return;
    }
    if (w->is_sent) {
        w->connection = NULL; /* its answer will come, and keeps its place in the window */
        return;
    }
    remove_waiting(f, w);
}

/* --- answers -------------------------------------------------------------------------------------
 */

static bool on_message(void *ctx, struct peer *peer, struct ipc_message *message) {
    struct forwarder *f = ctx;
    struct http_response response;
    uint32_t ticket = 0;
    (void)peer;
    http_response_init(&response, 500);
    bool ok = service_answer_read(message->bytes, message->len, &ticket, &response);
    struct waiting *w = ok ? find(f, ticket) : NULL;
    if (w != NULL && w->is_sent) {
        finish(f, w, &response);
        send_waiting(f);
    }
    http_response_clear(&response);
    return ok;
}

/* What was sent to the one that has ended is asked again, or given up. */
static void give_back(struct forwarder *f) {
    struct waiting *w = f->first;
    while (w != NULL) {
        bool is_lost = w->is_sent && (!w->is_safe || w->connection == NULL);
        count_unsent(f, w);
        if (is_lost) {
            finish_with(f, w, 503,
                        "The answering process was started anew: whether this was done is not "
                        "known.");
            w = f->first; /* the list may be another one */
            continue;
        }
        w = w->later;
    }
}

static void on_gone(void *ctx, struct peer *peer) {
    struct forwarder *f = ctx;
    log_event(LOG_WARNING, "control-gone", "why", peer_broken_because(peer), NULL);
    peer_free(PL_TAKE(f->control));
    give_back(f);
}

bool forwarder_connect(struct forwarder *forwarder, struct ipc_message *message) {
    const struct peer_callbacks callbacks = {
        .ctx = forwarder, .message = on_message, .gone = on_gone};
    struct err e = {0};
    if (forwarder->control != NULL) {
        peer_free(PL_TAKE(forwarder->control));
        give_back(forwarder);
    }
    if (!worker_connect(forwarder->worker, message, IPC_CONTROL, &callbacks, &forwarder->control,
                        &e)) {
        log_error(&e, "control-not-connected");
        return true; /* not the supervisor's fault */
    }
    send_waiting(forwarder);
    return true;
}

/* --- beginning and end ---------------------------------------------------------------------------
 */

bool forwarder_new(struct worker *worker, struct forwarder **out_forwarder, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct forwarder), &memory, e)) {
        return false;
    }
    struct forwarder *f = memory;
    f->worker = worker;
    (void)uv_timer_init(&worker->loop, &f->tick); /* cannot fail */
    f->tick.data = f;
    *out_forwarder = f;
    return true;
}

static void on_closed(uv_handle_t *tick) {
    mem_free(tick->data);
}

void forwarder_free(struct forwarder *forwarder) {
    if (forwarder == NULL) {
        return;
    }
    peer_free(PL_TAKE(forwarder->control));
    while (forwarder->first != NULL) {
        remove_waiting(forwarder, forwarder->first);
    }
    uv_close((uv_handle_t *)&forwarder->tick, on_closed);
}

void forwarder_set_net(struct forwarder *forwarder, struct net *net) {
    forwarder->net = net;
}
