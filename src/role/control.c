/*
 * The process "control": the store. It turns the bindings into what net serves, version by version
 * (ops/world.h), and hands them to the supervisor; it learns from there what is served, has each
 * change proven by probe, and takes back what cannot be proven (role/confirm.h). It answers what
 * the site "services" is asked, and keeps ticket keys, OCSP responses and revocation lists fresh
 * (control_*.h).
 *
 * Changes are noticed by a byte in DIR/changed, and by a look each second.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ops/world.h"
#include "role/confirm.h"
#include "role/control_crls.h"
#include "role/control_services.h"
#include "role/control_staples.h"
#include "role/control_tickets.h"
#include "role/listing.h"
#include "role/saved.h"
#include "role/workers.h"
#include "store/certs.h"
#include "store/nodes.h"
#include "store/operation.h"
#include "store/store.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    POLL_MS = 1000,
    NOTES_MAX = 32,
    SAVE_AFTER_MS = 2000,
    SAVE_SHARE = 50, /* at most one part in so many of the time goes into saving */
    SIGN_OF_LIFE_MS = 10 * 1000,
    EXPIRY_MS = 60 * 1000,
    WORLD_SIZE = 32
};

struct control_process {
    struct worker *worker;
    struct ops *ops; /* NULL: the store cannot be opened; the saved bindings are served */
    struct ops_world *world;
    struct confirm *confirm;
    struct control_services *services;
    struct control_tickets *tickets;
    struct control_staples *staples;
    struct control_crls *crls;
    struct listing listing; /* of roots and listeners as they were last sent */
    uv_fs_event_t watch;
    uv_timer_t poll;
    int folder;               /* the data directory, for the sandbox */
    uint64_t sent_generation; /* 0: nothing was sent */
    size_t sent_openings;     /* listeners and roots, of that generation */
    size_t sent_segments;
    size_t sent_key_segments;
    uint64_t sent_key_used;         /* of the last of them */
    int64_t seq;                    /* of the store, as it was followed */
    int64_t index_seq;              /* of the version that was sent last; 0: none */
    int64_t applied_index_seq;      /* of the version that all net serve */
    int64_t applied_seq;            /* of the store, as it is served */
    int64_t saved_seq;              /* of the store, as it was saved */
    int64_t save_at_ms;             /* 0: nothing to save */
    int64_t save_took_ms;           /* the last time */
    uint8_t told_world[WORLD_SIZE]; /* as it was last sent, for the metrics */
    int64_t expiry_at_ms;           /* when the first expiry is looked up again */
    int64_t first_expiry_ms;
    int64_t seen_ms;    /* when the store was last told that we live */
    bool is_store_lost; /* said once, until it is back */
};

/* --- sending the world ---------------------------------------------------------------------------
 */

enum { PLACE_MAX = 64 };

static void send_place(const struct control_process *control, enum ipc_type type,
                       uint64_t generation, uint32_t number, uint64_t extra, bool has_extra,
                       int fd) {
    PL_AUTO(buf_clear) struct buf message = {.max = PLACE_MAX};
    struct pack_writer w = {.out = &message};
    pack_u64(&w, generation);
    pack_u32(&w, number);
    if (has_extra) {
        pack_u64(&w, extra);
    }
    if (pack_end(&w, NULL)) {
        worker_send(control->worker, type, message.data, message.len, fd);
    }
}

/* Keys go before the bindings that need them. */
static void send_keys(struct control_process *control, const struct key_list *keys,
                      uint64_t generation) {
    size_t sent = control->sent_key_segments;
    for (size_t i = sent == 0 ? 0 : sent - 1; i < keys->count; i++) {
        const struct segment *segment = keys->segments[i];
        if (i >= sent) {
            send_place(control, IPC_KEY_SEGMENT, generation, (uint32_t)i, 0, false, segment->fd);
        }
        send_place(control, IPC_KEYS_ADDED, generation, (uint32_t)i, segment->used, true, -1);
    }
    control->sent_key_segments = keys->count;
}

static void send_image(struct control_process *control, const struct snapshot_image *image,
                       uint64_t generation) {
    for (size_t i = control->sent_segments; i < image->segment_count; i++) {
        send_place(control, IPC_SEGMENT, generation, (uint32_t)i, 0, false, image->segments[i]->fd);
    }
    control->sent_segments = image->segment_count;
    send_place(control, IPC_INDEX, generation, (uint32_t)image->segment_count, 0, false,
               image->index_fd);
}

static bool send_lists(struct control_process *control, const struct snapshot_image *image,
                       struct err *e) {
    struct listing listing = {0};
    if (!listing_read(image, &listing, e)) {
        return false;
    }
    if (!listing_same(&listing.roots, &control->listing.roots)) {
        worker_send(control->worker, IPC_ROOTS, listing.roots.data, listing.roots.len, -1);
    }
    if (!listing_same(&listing.listeners, &control->listing.listeners)) {
        worker_send(control->worker, IPC_LISTENERS, listing.listeners.data, listing.listeners.len,
                    -1);
    }
    listing_clear(&control->listing);
    control->listing = listing;
    return true;
}

/* openings: a number that is another one when there are other listeners or roots. */
static bool send_world(struct control_process *control, const struct snapshot_image *image,
                       const struct key_list *keys, uint64_t generation, size_t openings,
                       struct err *e) {
    bool is_same = generation == control->sent_generation && openings == control->sent_openings;
    if (generation != control->sent_generation) {
        control->sent_generation = generation;
        control->sent_segments = control->sent_key_segments = 0;
    }
    send_keys(control, keys, generation);
    if (!is_same && !send_lists(control, image, e)) {
        return false;
    }
    control->sent_openings = openings;
    send_image(control, image, generation);
    return true;
}

/* --- following the store -------------------------------------------------------------------------
 */

static bool publish(struct control_process *control, struct err *e) {
    PL_AUTO(snapshot_image_clear) struct snapshot_image image = {0};
    if (!ops_world_publish(control->world, &image, e) ||
        !send_world(control, &image, ops_world_keys(control->world),
                    ops_world_generation(control->world), ops_world_openings(control->world), e)) {
        return false;
    }
    char count[24];
    (void)snprintf(count, sizeof(count), "%zu", ops_world_bindings(control->world));
    log_event(LOG_INFO, "serving", "bindings", count, NULL);
    control->index_seq = ops_world_seq(control->world);
    int64_t pause_ms = control->save_took_ms * SAVE_SHARE;
    control->save_at_ms =
        clock_monotonic_ms() + (pause_ms > SAVE_AFTER_MS ? pause_ms : SAVE_AFTER_MS);
    return true;
}

/* The versions that are served say all that the store says up to here. */
static void tell_applied(struct control_process *control) {
    bool is_newest = control->applied_index_seq >= control->index_seq;
    control->applied_seq = is_newest ? control->seq : control->applied_index_seq;
    confirm_applied(control->confirm, control->applied_seq);
}

static bool follow(struct control_process *control, struct err *e) {
    PL_AUTO(list_clear) struct list notes;
    bool is_changed = false;
    int64_t before = control->seq;
    list_init(&notes, NOTES_MAX);
    if (!ops_world_follow(control->world, &notes, &is_changed, e)) {
        return false;
    }
    for (size_t i = 0; i < notes.count; i++) {
        log_event(LOG_WARNING, "degraded", "what", notes.items[i], NULL);
    }
    control->seq = ops_world_seq(control->world);
    bool is_first = control->index_seq == 0;
    bool is_same = control->seq == before; /* as what was saved */
    if (is_first || (is_changed && !is_same)) {
        return publish(control, e) &&
               (is_first || confirm_changes(control->confirm, before, control->seq, e));
    }
    if (!is_same) {
        tell_applied(control);
    }
    return true;
}

/*
 * Goes on from what was served last, so that only what has changed since needs to be read. Where
 * that cannot be, the whole store is.
 */
static void restore(struct control_process *control) {
    PL_AUTO(saved_clear) struct saved saved = {0};
    struct err e = {0};
    bool ok = saved_read(control->worker->start.data_dir, &saved, &e) &&
              ops_world_restore(control->world, &saved.image, &saved.keys, saved.world,
                                saved.world_len, &e);
    if (ok) {
        control->saved_seq = saved.seq;
        log_event(LOG_INFO, "restored", NULL);
    } else if (e.code != ERR_SYS_FILE_MISSING) {
        log_error(&e, "not-restored");
    }
}

static bool open_store(struct control_process *control, struct err *e) {
    if (control->ops != NULL) {
        return true;
    }
    if (!ops_open(control->worker->start.data_dir, &control->ops, e)) {
        return false;
    }
    ops_set_actor(control->ops, STORE_ACTOR_SERVER);
    confirm_set_ops(control->confirm, control->ops);
    control_services_set_ops(control->services, control->ops);
    control_staples_set_ops(control->staples, control->ops);
    control_crls_set_ops(control->crls, control->ops);
    control_tickets_set_ops(control->tickets, control->ops);
    control_tickets_tick(control->tickets);
    if (!ops_world_new(control->ops, &control->world, e)) {
        return false;
    }
    restore(control);
    return true;
}

static void look_for_changes(struct control_process *control) {
    struct err e = {0};
    bool ok = open_store(control, &e) && follow(control, &e);
    if (!ok && !control->is_store_lost) {
        log_error(&e, "store-lost");
    } else if (ok && control->is_store_lost) {
        log_event(LOG_INFO, "store-back", NULL);
    }
    control->is_store_lost = !ok;
}

static void save(struct control_process *control) {
    struct err e = {0};
    PL_AUTO(snapshot_image_clear) struct snapshot_image image = {0};
    PL_AUTO(buf_clear) struct buf world = {.max = SAVED_WORLD_MAX};
    int64_t begun_ms = clock_monotonic_ms();
    control->save_at_ms = 0;
    if (!ops_world_publish(control->world, &image, &e) ||
        !ops_world_pack(control->world, &world, &e) ||
        !saved_write(control->worker->start.data_dir, ops_world_seq(control->world), &image,
                     ops_world_keys(control->world), &world, &e)) {
        log_error(&e, "not-saved");
        return;
    }
    control->saved_seq = ops_world_seq(control->world);
    control->save_took_ms = clock_monotonic_ms() - begun_ms;
}

/* A sign of life, for those who wait until a change is served. */
static void tell_store(struct control_process *control) {
    struct err e = {0};
    control->seen_ms = clock_now_ms();
    const struct node_progress progress = {.applied_seq = control->applied_seq,
                                           .settled_seq = confirm_settled_seq(control->confirm),
                                           .seen_ms = control->seen_ms};
    if (control->ops != NULL && !store_node_tell(ops_store(control->ops), &progress, &e)) {
        log_error(&e, "not-told");
    }
}

/* Of the certificates that are bound; once a minute. */
static void look_up_expiry(struct control_process *control) {
    static const struct cert_filter bound = {.binding = CERT_WITH};
    static const struct page first = {.limit = 1};
    PL_AUTO(cert_rows_clear) struct cert_rows rows = {0};
    if (control->ops == NULL || clock_monotonic_ms() < control->expiry_at_ms) {
        return;
    }
    control->expiry_at_ms = clock_monotonic_ms() + EXPIRY_MS;
    if (store_cert_list(ops_store(control->ops), &bound, CERT_SORT_EXPIRY, &first, &rows, NULL)) {
        control->first_expiry_ms = rows.count == 0 ? 0 : rows.items[0]->not_after_ms;
    }
}

/* What the metrics tell of the store, when it has changed. */
static void tell_world(struct control_process *control) {
    PL_AUTO(buf_clear) struct buf message = {.max = WORLD_SIZE};
    struct pack_writer w = {.out = &message};
    look_up_expiry(control);
    pack_i64(&w, control->seq);
    pack_i64(&w, control->applied_seq);
    pack_u64(&w, control->world == NULL ? 0 : ops_world_bindings(control->world));
    pack_i64(&w, control->first_expiry_ms);
    if (pack_end(&w, NULL) && memcmp(control->told_world, message.data, message.len) != 0) {
        memcpy(control->told_world, message.data, message.len);
        worker_send(control->worker, IPC_WORLD, message.data, message.len, -1);
    }
}

static void on_changed(uv_fs_event_t *watch, const char *name, int events, int status) {
    (void)name;
    (void)events;
    (void)status;
    look_for_changes(watch->data);
}

static void on_poll(uv_timer_t *timer) {
    struct control_process *control = timer->data;
    look_for_changes(control);
    confirm_tick(control->confirm);
    control_tickets_tick(control->tickets);
    control_staples_tick(control->staples, confirm_probe(control->confirm));
    control_crls_tick(control->crls, control_tickets_keys(control->tickets));
    tell_world(control);
    if (control->save_at_ms != 0 && clock_monotonic_ms() >= control->save_at_ms) {
        save(control);
    }
    if (clock_now_ms() - control->seen_ms >= SIGN_OF_LIFE_MS) {
        tell_store(control);
    }
}

/* --- messages ------------------------------------------------------------------------------------
 */

static bool on_applied(struct control_process *control, const struct ipc_message *message) {
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    int64_t seq = unpack_i64(&r);
    if (!unpack_is_done(&r)) {
        return false;
    }
    control->applied_index_seq = seq;
    tell_applied(control);
    return true;
}

/* Nobody waits for us any more. */
static void say_goodbye(const struct control_process *control) {
    const struct node_progress progress = {.applied_seq = control->applied_seq,
                                           .settled_seq = confirm_settled_seq(control->confirm)};
    if (control->ops != NULL) {
        (void)!store_node_tell(ops_store(control->ops), &progress, NULL);
    }
}

static bool on_peer(struct control_process *control, struct ipc_message *message) {
    struct worker_peer about;
    if (!worker_peer_read(message, &about)) {
        return false;
    }
    if (about.role == IPC_PROBE) {
        return confirm_connect(control->confirm, message);
    }
    if (about.role == IPC_NET_SERVICES) {
        return control_services_connect(control->services, message);
    }
    return about.role == IPC_KEYS && control_tickets_connect(control->tickets, message);
}

static bool on_message(struct worker *worker, struct ipc_message *message) {
    struct control_process *control = worker->own;
    switch ((unsigned)message->type) {
    case IPC_APPLIED:
        return on_applied(control, message);
    case IPC_PEER:
        return on_peer(control, message);
    case IPC_STOP:
        say_goodbye(control);
        if (ops_world_is_built(control->world) && control->saved_seq != control->seq) {
            save(control); /* so that the next start finds it */
        }
        worker_stop(worker);
        return true;
    default:
        return false;
    }
}

/* --- beginning and end ---------------------------------------------------------------------------
 */

static bool start_watching(struct control_process *control, struct err *e) {
    PL_AUTO(mem_freep) char *path = NULL;
    uv_loop_t *loop = &control->worker->loop;
    control->watch.data = control->poll.data = control;
    (void)uv_fs_event_init(loop, &control->watch); /* neither can fail */
    (void)uv_timer_init(loop, &control->poll);
    if (!file_join(control->worker->start.data_dir, STORE_CHANGED_NAME, &path, e)) {
        return false;
    }
    /* Without a watch (no inotify left) the poll still sees changes within a second. */
    (void)uv_fs_event_start(&control->watch, on_changed, path, 0);
    (void)uv_timer_start(&control->poll, on_poll, POLL_MS, POLL_MS);
    return true;
}

static void on_settled(void *ctx) {
    tell_store(ctx);
}

static bool on_responded(void *ctx, const struct ipc_message *message) {
    struct control_process *control = ctx;
    return message->type == IPC_RESPONDED && control_staples_take(control->staples, message);
}

static void on_keys_reply(void *ctx, const struct ipc_message *message) {
    const struct control_process *control = ctx;
    control_crls_take(control->crls, message);
}

static bool begin(struct worker *worker, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct control_process), &memory, e)) {
        return false;
    }
    struct control_process *control = worker->own = memory;
    control->worker = worker;
    control->folder = open(worker->start.data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (!confirm_new(worker, &control->confirm, e) ||
        !control_services_new(worker, &control->services, e) ||
        !control_tickets_new(worker, &control->tickets, e) ||
        !control_staples_new(&control->staples, e) || !control_crls_new(&control->crls, e)) {
        return false;
    }
    confirm_on_settled(control->confirm, on_settled, control);
    confirm_on_other(control->confirm, on_responded, control);
    control_tickets_on_reply(control->tickets, on_keys_reply, control);
    return start_watching(control, e);
}

static void keep(struct worker *worker, struct sandbox_wish *wish) {
    const struct control_process *control = worker->own;
    wish->rights = SANDBOX_READ | SANDBOX_WRITE;
    wish->folders = &control->folder;
    wish->folder_count = control->folder >= 0 ? 1 : 0;
}

/* What was served last, while the store cannot be asked. */
static bool send_saved(struct control_process *control, struct err *e) {
    PL_AUTO(saved_clear) struct saved saved = {0};
    if (!saved_read(control->worker->start.data_dir, &saved, e)) {
        return false;
    }
    control->seq = control->index_seq = control->saved_seq = saved.seq;
    log_event(LOG_INFO, "serving-saved", NULL);
    return send_world(control, &saved.image, &saved.keys, (uint64_t)clock_now_ms(), 0, e);
}

static void ready(struct worker *worker) {
    struct control_process *control = worker->own;
    struct err e = {0};
    bool has_store = open_store(control, &e);
    if (!has_store && send_saved(control, NULL)) {
        control->is_store_lost = true;
        log_error(&e, "store-lost");
        return;
    }
    if (!has_store || !follow(control, &e)) {
        worker_send_error(worker, &e);
        worker_stop(worker);
    }
}

static void end(struct worker *worker) {
    struct control_process *control = worker->own;
    if (control == NULL) {
        return;
    }
    confirm_free(control->confirm);
    control_services_free(control->services);
    control_tickets_free(control->tickets);
    control_staples_free(control->staples);
    control_crls_free(control->crls);
    ops_world_free(control->world);
    ops_close(control->ops);
    listing_clear(&control->listing);
    if (control->folder >= 0) {
        (void)close(control->folder);
    }
    if (control->watch.data != NULL) {
        uv_close((uv_handle_t *)&control->watch, NULL);
        uv_close((uv_handle_t *)&control->poll, NULL);
        (void)uv_run(&worker->loop, UV_RUN_NOWAIT);
    }
    mem_free(control);
}

const struct worker_kind control_kind = {
    .role = IPC_CONTROL,
    .begin = begin,
    .message = on_message,
    .keep = keep,
    .ready = ready,
    .end = end,
};
