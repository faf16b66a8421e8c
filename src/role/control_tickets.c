/* Control's side of the shared ticket keys. */
#include "role/control_tickets.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ops/tickets.h"
#include "role/ticket_note.h"
#include "tls/policy.h"

#include <string.h>

enum {
    CHECK_MS = 5 * 1000, /* how soon a key that another node has made is here */
    GIVEN_MAX = 64,
    QUARTER_MS = TLS_TICKET_LIFETIME_S * 1000 / 4,
    AHEAD_MS = 60 * 1000, /* all nodes have it before its time */
    LIFE_MS = 6 * QUARTER_MS,
};

static const enum ipc_role nets[] = {IPC_NET, IPC_NET_SERVICES};

struct control_tickets {
    struct worker *worker;
    struct ops *ops;
    struct peer *keys; /* NULL: gone, another is on its way */
    int64_t next_ms;   /* on the monotonic clock */
    struct id given[GIVEN_MAX];
    size_t given_count;
    void (*take_reply)(void *ctx, const struct ipc_message *message);
    void *reply_ctx;
};

static void send_note(const struct control_tickets *t, enum ipc_type type,
                      const struct ticket_note *note) {
    PL_AUTO(buf_clear) struct buf message = {.max = TICKET_NOTE_MAX};
    if (t->keys != NULL && ticket_note_pack(note, &message, NULL)) {
        peer_send(t->keys, type, message.data, message.len, -1);
    }
}

/* --- giving what the store has -------------------------------------------------------------------
 */

static bool is_given(const struct control_tickets *t, const struct id *id) {
    for (size_t i = 0; i < t->given_count; i++) {
        if (id_equal(&t->given[i], id)) {
            return true;
        }
    }
    return false;
}

static bool note_of(const struct secret_row *row, struct ticket_note *out) {
    size_t name_len = strcspn(row->name, " ");
    *out = (struct ticket_note){.id = row->id, .not_before_ms = row->not_before_ms};
    for (size_t i = 0; i < PL_ARRAY_LEN(nets); i++) {
        const char *net = ipc_role_name(nets[i]);
        if (strlen(net) == name_len && memcmp(net, row->name, name_len) == 0) {
            out->net = nets[i];
        }
    }
    if (out->net == 0 || row->blob.len > sizeof(out->blob)) {
        return false;
    }
    memcpy(out->sealing_key_id, row->sealing_key_id, sizeof(out->sealing_key_id));
    memcpy(out->blob, row->blob.data, row->blob.len);
    out->blob_len = row->blob.len;
    return true;
}

static void give(struct control_tickets *t, const struct secret_rows *rows) {
    for (size_t i = 0; i < rows->count; i++) {
        struct ticket_note note;
        if (is_given(t, &rows->items[i]->id) || !note_of(rows->items[i], &note)) {
            continue;
        }
        if (t->given_count == GIVEN_MAX) {
            t->given_count = 0; /* what keys has already it leaves alone */
        }
        t->given[t->given_count++] = note.id;
        send_note(t, IPC_TICKET_SHARED, &note);
    }
}

/* --- asking for what is not there ----------------------------------------------------------------
 */

static bool has_name(const struct secret_rows *rows, const char *name) {
    for (size_t i = 0; i < rows->count; i++) {
        if (strcmp(rows->items[i]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool want(const struct control_tickets *t, const struct secret_rows *rows, enum ipc_role net,
                 int64_t not_before_ms, struct err *e) {
    struct ticket_note note = {.net = net, .not_before_ms = not_before_ms};
    char name[TICKETS_NAME_TEXT];
    ops_tickets_name(ipc_role_name(net), not_before_ms, name);
    if (has_name(rows, name)) {
        return true;
    }
    if (!id_new(clock_now_ms(), &note.id, e)) {
        return false;
    }
    send_note(t, IPC_TICKET_WANTED, &note);
    return true;
}

static bool look(struct control_tickets *t, struct err *e) {
    PL_AUTO(secret_rows_clear) struct secret_rows rows = {0};
    int64_t now_ms = clock_now_ms();
    int64_t quarter = now_ms - now_ms % QUARTER_MS;
    bool is_next_due = now_ms + AHEAD_MS >= quarter + QUARTER_MS;
    if (!ops_tickets_list(t->ops, &rows, e)) {
        return false;
    }
    give(t, &rows);
    for (size_t i = 0; i < PL_ARRAY_LEN(nets); i++) {
        if (!want(t, &rows, nets[i], quarter, e) ||
            (is_next_due && !want(t, &rows, nets[i], quarter + QUARTER_MS, e))) {
            return false;
        }
    }
    return true;
}

void control_tickets_tick(struct control_tickets *tickets) {
    struct err e = {0};
    int64_t now_ms = clock_monotonic_ms();
    if (tickets->ops == NULL || tickets->keys == NULL || now_ms < tickets->next_ms) {
        return;
    }
    tickets->next_ms = now_ms + CHECK_MS;
    if (!look(tickets, &e)) {
        log_error(&e, "tickets-not-shared"); /* keys makes its own then */
    }
}

/* --- what keys has made --------------------------------------------------------------------------
 */

static bool keep(const struct control_tickets *t, const struct ticket_note *note, struct err *e) {
    char name[TICKETS_NAME_TEXT];
    ops_tickets_name(ipc_role_name(note->net), note->not_before_ms, name);
    struct secret_row row = {.id = note->id,
                             .name = name,
                             .not_before_ms = note->not_before_ms,
                             .not_after_ms = note->not_before_ms + LIFE_MS,
                             .blob = {note->blob, note->blob_len}};
    memcpy(row.sealing_key_id, note->sealing_key_id, sizeof(row.sealing_key_id));
    return ops_tickets_add(t->ops, &row, e);
}

static bool on_message(void *ctx, struct peer *peer, struct ipc_message *message) {
    struct control_tickets *t = ctx;
    struct ticket_note note;
    struct err e = {0};
    (void)peer;
    if (message->type == IPC_KEYS_REPLY && t->take_reply != NULL) {
        t->take_reply(t->reply_ctx, message);
        return true;
    }
    if (message->type != IPC_TICKET_MADE ||
        !ticket_note_read(message->bytes, message->len, &note)) {
        return false;
    }
    if (t->ops != NULL && !keep(t, &note, &e)) {
        log_error(&e, "tickets-not-shared");
        return true;
    }
    t->next_ms = 0;
    control_tickets_tick(t); /* it is the store's that is given, whoever made it */
    return true;
}

static void on_gone(void *ctx, struct peer *peer) {
    struct control_tickets *t = ctx;
    (void)peer;
    peer_free(PL_TAKE(t->keys));
}

bool control_tickets_connect(struct control_tickets *tickets, struct ipc_message *message) {
    const struct peer_callbacks callbacks = {
        .ctx = tickets, .message = on_message, .gone = on_gone};
    struct err e = {0};
    peer_free(PL_TAKE(tickets->keys));
    if (!worker_connect(tickets->worker, message, IPC_KEYS, &callbacks, &tickets->keys, &e)) {
        log_error(&e, "keys-not-connected"); /* not the supervisor's fault */
        return true;
    }
    tickets->given_count = 0;
    tickets->next_ms = 0;
    control_tickets_tick(tickets);
    return true;
}

struct peer *control_tickets_keys(const struct control_tickets *tickets) {
    return tickets->keys;
}

void control_tickets_on_reply(struct control_tickets *tickets,
                              void (*take)(void *ctx, const struct ipc_message *message),
                              void *ctx) {
    tickets->take_reply = take;
    tickets->reply_ctx = ctx;
}

/* --- beginning and end ---------------------------------------------------------------------------
 */

bool control_tickets_new(struct worker *worker, struct control_tickets **out_tickets,
                         struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct control_tickets), &memory, e)) {
        return false;
    }
    *out_tickets = memory;
    (*out_tickets)->worker = worker;
    return true;
}

void control_tickets_free(struct control_tickets *tickets) {
    if (tickets != NULL) {
        peer_free(tickets->keys);
        mem_free(tickets);
    }
}

void control_tickets_set_ops(struct control_tickets *tickets, struct ops *ops) {
    tickets->ops = ops;
}
