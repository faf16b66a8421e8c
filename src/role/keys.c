/*
 * The process "keys": private keys are unsealed here and nowhere else. It has no network, no store
 * and no files; it answers what comes over its connections and knows by the table of messages who
 * may ask for what.
 *
 * Also here: session ticket keys, which net alone is told.
 */
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "keys/key_table.h"
#include "keys/service.h"
#include "role/ticket_note.h"
#include "role/workers.h"
#include "sys/file.h"
#include "tls/policy.h"
#include "tls/tickets.h"

#include <string.h>

enum {
    CALLERS_MAX = 1024,
    REPLY_MAX = 2 * 1024 * 1024,
    SIGNED_MAX = 2048,
    FLUSH_AFTER_MS = 1, /* work on a batch longer than that, and what is done leaves first */
    TICKET_CHECK_MS = 1000,
    TICKETS_LIFETIME_MS = TLS_TICKET_LIFETIME_S * 1000,
    TICKET_AHEAD_MS = 10 * 1000, /* all of net have it before its time */
    TICKET_GRACE_MS = 5 * 1000,  /* so long shared ones are waited for, at the start and later */
};

/* Ticket keys of one kind of net: what one could do with the other's tickets must not be. */
struct tickets {
    enum ipc_role role;
    struct ticket_key keys[TICKET_KEYS_MAX];
    size_t count;
};

struct keys_process {
    struct worker *worker;
    struct ring *ring;
    struct key_table *table;
    struct peer *callers[CALLERS_MAX]; /* NULL: free */
    struct tickets tickets[2];
    uv_timer_t timer;
    int64_t flushed_ms;
    int64_t began_ms; /* serving, on the monotonic clock */
};

/* --- handshakes ----------------------------------------------------------------------------------
 */

struct wanted_signature {
    uint32_t number;
    struct id key_id;
    enum handshake_kind kind;
    uint16_t scheme;
    const uint8_t *input;
    size_t input_len;
};

static bool read_wanted(const struct ipc_message *message, struct wanted_signature *out) {
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    out->number = unpack_u32(&r);
    unpack_id(&r, &out->key_id);
    out->kind = (enum handshake_kind)unpack_u8(&r);
    out->scheme = unpack_u16(&r);
    out->input = unpack_bytes(&r, message->len, &out->input_len);
    return unpack_is_done(&r);
}

static bool sign(const struct keys_process *keys, const struct wanted_signature *wanted,
                 uint8_t out[KEYS_SIGNATURE_MAX], size_t *out_len, struct err *e) {
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    return key_table_find(keys->table, &wanted->key_id, &key, e) &&
           ring_sign_handshake(keys->ring, &key, wanted->kind, wanted->scheme, wanted->input,
                               wanted->input_len, out, out_len, e);
}

/* Signing a long batch takes time: what is done already need not wait for the rest. */
static void flush_sometimes(struct keys_process *keys, struct peer *peer) {
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms - keys->flushed_ms >= FLUSH_AFTER_MS) {
        keys->flushed_ms = now_ms;
        peer_flush(peer);
    }
}

static bool on_sign(struct keys_process *keys, struct peer *peer,
                    const struct ipc_message *message) {
    struct wanted_signature wanted = {0};
    struct err e = {0};
    uint8_t signature[KEYS_SIGNATURE_MAX];
    uint8_t room[SIGNED_MAX];
    size_t len = 0;
    if (!read_wanted(message, &wanted)) {
        return false;
    }
    bool ok = sign(keys, &wanted, signature, &len, &e);
    PL_AUTO(buf_clear) struct buf answer = {.max = sizeof(room)};
    struct pack_writer w = {.out = &answer};
    pack_u32(&w, wanted.number);
    pack_bool(&w, ok);
    if (ok) {
        pack_bytes(&w, signature, len);
    } else {
        e.step_count = e.step_count > 1 ? 1 : e.step_count;
        e.hint[0] = '\0';
        pack_err(&w, &e);
    }
    if (pack_end(&w, NULL)) {
        peer_send(peer, IPC_SIGNED, answer.data, answer.len, -1);
    }
    flush_sometimes(keys, peer);
    return true;
}

/* --- everything else -----------------------------------------------------------------------------
 */

static bool on_call(const struct keys_process *keys, struct peer *peer,
                    const struct ipc_message *message) {
    PL_AUTO(buf_cleanse) struct buf answer = {.max = REPLY_MAX};
    if (!keys_serve(keys->ring, message->bytes, message->len, &answer, NULL)) {
        return false;
    }
    peer_send(peer, IPC_KEYS_REPLY, answer.data, answer.len, -1);
    return true;
}

/* --- ticket keys ---------------------------------------------------------------------------------
 */

static void give_ticket(struct peer *peer, const struct ticket_key *key) {
    uint8_t room[sizeof(*key)];
    size_t at = 0;
    memcpy(room + at, key->name, sizeof(key->name));
    at += sizeof(key->name);
    memcpy(room + at, key->aes, sizeof(key->aes));
    at += sizeof(key->aes);
    memcpy(room + at, key->mac, sizeof(key->mac));
    at += sizeof(key->mac);
    memcpy(room + at, &key->not_before_ms, sizeof(key->not_before_ms));
    at += sizeof(key->not_before_ms);
    peer_send(peer, IPC_TICKET_KEY, room, at, -1);
    secret_cleanse(room, sizeof(room));
}

static void give_to_all(const struct keys_process *keys, enum ipc_role role,
                        const struct ticket_key *key) {
    for (size_t i = 0; i < CALLERS_MAX; i++) {
        if (keys->callers[i] != NULL && peer_role(keys->callers[i]) == role) {
            give_ticket(keys->callers[i], key);
        }
    }
}

/* The newest first; the oldest makes room. One that is there already is left alone. */
static void add_ticket(const struct keys_process *keys, struct tickets *tickets,
                       const struct ticket_key *key) {
    size_t at = 0;
    for (size_t i = 0; i < tickets->count; i++) {
        if (memcmp(tickets->keys[i].name, key->name, sizeof(key->name)) == 0) {
            return;
        }
        at += tickets->keys[i].not_before_ms > key->not_before_ms ? 1 : 0;
    }
    if (at == TICKET_KEYS_MAX) {
        return;
    }
    size_t last = tickets->count < TICKET_KEYS_MAX ? tickets->count : TICKET_KEYS_MAX - 1;
    memmove(&tickets->keys[at + 1], &tickets->keys[at], (last - at) * sizeof(*key));
    tickets->keys[at] = *key;
    tickets->count = last + 1;
    give_to_all(keys, tickets->role, key);
}

/*
 * Where control brings none that all nodes share (the store is away), they are made here: all of a
 * kind have a key before the first of them encrypts with it.
 */
static void renew_tickets(const struct keys_process *keys, struct tickets *tickets) {
    int64_t now_ms = clock_now_ms();
    int64_t newest_ms = tickets->count == 0 ? 0 : tickets->keys[0].not_before_ms;
    bool is_due = tickets->count == 0 ? clock_monotonic_ms() >= keys->began_ms + TICKET_GRACE_MS
                                      : now_ms + TICKET_AHEAD_MS - TICKET_GRACE_MS >=
                                            newest_ms + TICKETS_LIFETIME_MS / 4;
    if (!is_due) {
        return;
    }
    struct ticket_key key;
    if (!random_bytes(&key, sizeof(key), NULL)) {
        return;
    }
    key.not_before_ms = tickets->count == 0 ? now_ms : newest_ms + TICKETS_LIFETIME_MS / 4;
    key.not_before_ms = key.not_before_ms < now_ms ? now_ms : key.not_before_ms;
    add_ticket(keys, tickets, &key);
    secret_cleanse(&key, sizeof(key));
}

static void renew_all_tickets(struct keys_process *keys) {
    for (size_t i = 0; i < PL_ARRAY_LEN(keys->tickets); i++) {
        renew_tickets(keys, &keys->tickets[i]);
    }
}

static void on_timer(uv_timer_t *timer) {
    renew_all_tickets(timer->data);
}

static void give_tickets(const struct keys_process *keys, struct peer *peer) {
    for (size_t i = 0; i < PL_ARRAY_LEN(keys->tickets); i++) {
        const struct tickets *tickets = &keys->tickets[i];
        for (size_t j = 0; j < tickets->count && tickets->role == peer_role(peer); j++) {
            give_ticket(peer, &tickets->keys[j]);
        }
    }
}

/* --- ticket keys that all nodes share ------------------------------------------------------------
 */

enum {
    TICKET_SECRET_LEN =
        sizeof(((struct ticket_key *)0)->aes) + sizeof(((struct ticket_key *)0)->mac)
};

/* A new one, sealed: it is used when it comes back from the store. */
static bool on_ticket_wanted(const struct keys_process *keys, struct peer *peer,
                             const struct ipc_message *message) {
    struct ticket_note note;
    struct err e = {0};
    PL_AUTO(secret_clear) struct secret value = {0};
    PL_AUTO(buf_clear) struct buf blob = {.max = TICKET_BLOB_MAX};
    PL_AUTO(buf_clear) struct buf answer = {.max = TICKET_NOTE_MAX};
    if (!ticket_note_read(message->bytes, message->len, &note)) {
        return false;
    }
    bool ok =
        secret_init(&value, TICKET_SECRET_LEN, &e) && random_bytes(value.bytes, value.len, &e) &&
        ring_seal_secret(keys->ring, TICKETS_TABLE, &note.id, TICKETS_COLUMN, &value, &blob, &e);
    if (ok) {
        memcpy(note.sealing_key_id, ring_sealing_key_id(keys->ring), sizeof(note.sealing_key_id));
        memcpy(note.blob, blob.data, blob.len);
        note.blob_len = blob.len;
        ok = ticket_note_pack(&note, &answer, &e);
    }
    if (!ok) {
        log_error(&e, "ticket-key-not-made");
        return true;
    }
    peer_send(peer, IPC_TICKET_MADE, answer.data, answer.len, -1);
    return true;
}

static bool on_ticket_shared(struct keys_process *keys, const struct ipc_message *message) {
    struct ticket_note note;
    struct err e = {0};
    PL_AUTO(secret_clear) struct secret value = {0};
    if (!ticket_note_read(message->bytes, message->len, &note)) {
        return false;
    }
    if (!ring_open_secret(keys->ring, TICKETS_TABLE, &note.id, TICKETS_COLUMN, note.blob,
                          note.blob_len, &value, &e) ||
        value.len != TICKET_SECRET_LEN) {
        log_error(&e, "ticket-key-not-opened");
        return true;
    }
    struct ticket_key key = {.not_before_ms = note.not_before_ms};
    memcpy(key.name, note.id.bytes, sizeof(key.name));
    memcpy(key.aes, value.bytes, sizeof(key.aes));
    memcpy(key.mac, value.bytes + sizeof(key.aes), sizeof(key.mac));
    for (size_t i = 0; i < PL_ARRAY_LEN(keys->tickets); i++) {
        if (keys->tickets[i].role == note.net) {
            add_ticket(keys, &keys->tickets[i], &key);
        }
    }
    secret_cleanse(&key, sizeof(key));
    return true;
}

/* --- who asks ------------------------------------------------------------------------------------
 */

static bool on_caller(void *ctx, struct peer *peer, struct ipc_message *message) {
    struct keys_process *keys = ctx;
    switch ((unsigned)message->type) {
    case IPC_SIGN:
        return on_sign(keys, peer, message);
    case IPC_TICKET_WANTED:
        return on_ticket_wanted(keys, peer, message);
    case IPC_TICKET_SHARED:
        return on_ticket_shared(keys, message);
    default:
        return on_call(keys, peer, message);
    }
}

static void on_caller_gone(void *ctx, struct peer *peer) {
    struct keys_process *keys = ctx;
    const char *why = peer_broken_because(peer);
    if (why != NULL) {
        log_event(LOG_WARNING, "peer-refused", "peer", ipc_role_name(peer_role(peer)), "why", why,
                  NULL);
    }
    for (size_t i = 0; i < CALLERS_MAX; i++) {
        if (keys->callers[i] == peer) {
            keys->callers[i] = NULL;
        }
    }
    peer_free(peer);
}

static bool add_caller(struct keys_process *keys, struct ipc_message *message) {
    struct worker_peer about;
    size_t slot = 0;
    while (slot < CALLERS_MAX && keys->callers[slot] != NULL) {
        slot++;
    }
    if (!worker_peer_read(message, &about) || (about.role & (IPC_BOTH_NET | IPC_CONTROL)) == 0 ||
        slot == CALLERS_MAX) {
        return false;
    }
    const struct peer_callbacks callbacks = {
        .ctx = keys, .message = on_caller, .gone = on_caller_gone};
    struct err e = {0};
    if (!worker_connect(keys->worker, message, about.role, &callbacks, &keys->callers[slot], &e)) {
        log_error(&e, "peer-not-connected");
        return true;
    }
    give_tickets(keys, keys->callers[slot]);
    return true;
}

/* --- keys to sign with ---------------------------------------------------------------------------
 */

static bool on_segment(const struct keys_process *keys, const struct ipc_message *message) {
    struct unpack_reader r;
    struct err e = {0};
    unpack_init(&r, message->bytes, message->len);
    uint64_t generation = unpack_u64(&r);
    uint32_t number = unpack_u32(&r);
    bool ok = unpack_is_done(&r) && key_table_map(keys->table, generation, number, message->fd, &e);
    if (!ok) {
        log_error(&e, "keys-not-taken");
    }
    return ok;
}

static bool on_added(const struct keys_process *keys, const struct ipc_message *message) {
    struct unpack_reader r;
    struct err e = {0};
    unpack_init(&r, message->bytes, message->len);
    uint64_t generation = unpack_u64(&r);
    uint32_t number = unpack_u32(&r);
    uint64_t used = unpack_u64(&r);
    bool ok = unpack_is_done(&r) && key_table_grow(keys->table, generation, number, used, &e);
    if (!ok) {
        log_error(&e, "keys-not-taken");
    }
    return ok;
}

static bool on_message(struct worker *worker, struct ipc_message *message) {
    struct keys_process *keys = worker->own;
    switch ((unsigned)message->type) {
    case IPC_PEER:
        return add_caller(keys, message);
    case IPC_KEY_SEGMENT:
        return on_segment(keys, message);
    case IPC_KEYS_ADDED:
        return on_added(keys, message);
    case IPC_KEYS_CALL: /* the command line, which is the parent then */
        return on_call(keys, worker->parent, message);
    default:
        return false;
    }
}

/* --- beginning and end ---------------------------------------------------------------------------
 */

static bool open_ring(struct worker *worker, struct err *e) {
    void *memory = NULL;
    PL_AUTO(mem_freep) char *path = NULL;
    if (!mem_alloc(sizeof(struct keys_process), &memory, e)) {
        return false;
    }
    struct keys_process *keys = worker->own = memory;
    keys->worker = worker;
    keys->tickets[0].role = IPC_NET;
    keys->tickets[1].role = IPC_NET_SERVICES;
    const char *elsewhere = worker->start.sealing_key;
    bool has_path = elsewhere[0] != '\0'
                        ? mem_strdup(elsewhere, &path, e)
                        : file_join(worker->start.data_dir, "sealing.key", &path, e);
    return has_path && ring_open(path, &keys->ring, e) && key_table_new(&keys->table, e);
}

static bool begin(struct worker *worker, struct err *e) {
    struct keys_process *keys = worker->own;
    (void)e;
    (void)uv_timer_init(&worker->loop, &keys->timer); /* cannot fail */
    keys->timer.data = keys;
    return true;
}

static void keep(struct worker *worker, struct sandbox_wish *wish) {
    (void)worker;
    (void)wish; /* nothing at all */
}

static void ready(struct worker *worker) {
    struct keys_process *keys = worker->own;
    keys->began_ms = clock_monotonic_ms();
    (void)uv_timer_start(&keys->timer, on_timer, TICKET_CHECK_MS, TICKET_CHECK_MS);
}

static void end(struct worker *worker) {
    struct keys_process *keys = worker->own;
    if (keys == NULL) {
        return;
    }
    for (size_t i = 0; i < CALLERS_MAX; i++) {
        peer_free(keys->callers[i]);
    }
    key_table_free(keys->table);
    ring_free(keys->ring);
    secret_cleanse(keys->tickets, sizeof(keys->tickets));
    if (keys->timer.data != NULL) {
        uv_close((uv_handle_t *)&keys->timer, NULL);
        (void)uv_run(&worker->loop, UV_RUN_NOWAIT);
    }
    mem_free(keys);
}

const struct worker_kind keys_kind = {
    .role = IPC_KEYS,
    .open = open_ring,
    .begin = begin,
    .message = on_message,
    .keep = keep,
    .ready = ready,
    .end = end,
};
