/* The serving process: store → snapshot → net, again whenever the store changes. */
#include "role/serve.h"

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "keys/keys.h"
#include "ops/server_key.h"
#include "ops/snapshot.h"
#include "role/net.h"
#include "store/store.h"
#include "sys/file.h"
#include "sys/user.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { POLL_MS = 1000, STOP_TIMEOUT_MS = 10000, NOTES_MAX = 32, ACCESS_LINE_MAX = 16 * 1024 };

struct serve {
    struct ops *ops;
    uv_loop_t loop;
    struct tls_engine *engine;
    struct net *net;
    struct server_keys *keys;
    uv_fs_event_t watch;
    uv_timer_t poll;
    uv_signal_t interrupt;
    uv_signal_t terminate;
    int64_t seq; /* of the snapshot that is served */
    bool is_stopping;
    bool is_store_lost; /* said once, until it is back */
};

/* What the provider asks: the two floors name the same meanings, each in its own words. */
static bool sign(void *ctx, const struct key_handle *handle, enum remote_kind kind, uint16_t scheme,
                 const uint8_t *input, size_t input_len, uint8_t out[REMOTE_SIGNATURE_MAX],
                 size_t *out_len, struct err *e) {
    struct serve *serve = ctx;
    enum handshake_kind meaning = kind == REMOTE_TLS13_SERVER_VERIFY
                                      ? HANDSHAKE_TLS13_SERVER_VERIFY
                                      : HANDSHAKE_TLS12_SERVER_KEY_EXCHANGE;
    return server_keys_sign(serve->keys, &handle->id, meaning, scheme, input, input_len, out,
                            out_len, e);
}

static void on_access(void *ctx, const struct net_access *access) {
    (void)ctx;
    PL_AUTO(buf_clear) struct buf line = {.max = ACCESS_LINE_MAX};
    if (net_access_format(access, &line, NULL)) {
        (void)fwrite(line.data, 1, line.len, stdout);
        if (line.len > 0 && line.data[line.len - 1] != '\n') {
            (void)fputc('\n', stdout);
        }
        (void)fflush(stdout);
    }
}

static void on_failure(void *ctx, const struct net_failure *failure) {
    (void)ctx;
    const struct err *e = failure->error;
    log_event(LOG_WARNING, "handshake-failed", "client", failure->client, "listener",
              failure->listener, "name", failure->server_name, "code", err_code_text(e->code),
              "reason", e->step[0], NULL);
}

static void on_trouble(void *ctx, const struct err *error) {
    (void)ctx;
    log_error(error, "trouble");
}

/* Reads the store and serves what it says. is_start: a listener that cannot be opened is an error.
 */
static bool load(struct serve *serve, bool is_start, struct err *e) {
    PL_AUTO(list_clear) struct list notes;
    PL_AUTO(snapshot_freep) struct snapshot *snapshot = NULL;
    char count[32];
    list_init(&notes, NOTES_MAX);
    if (!ops_snapshot(serve->ops, &notes, &snapshot, e)) {
        return false;
    }
    for (size_t i = 0; i < notes.count; i++) {
        log_event(LOG_WARNING, "degraded", "what", notes.items[i], NULL);
    }
    struct err listening = {0};
    bool is_whole = net_apply(serve->net, snapshot, &listening);
    serve->seq = snapshot_seq(snapshot);
    (void)snprintf(count, sizeof(count), "%zu", snapshot_binding_count(snapshot));
    log_event(LOG_INFO, "serving", "bindings", count, NULL);
    if (!is_whole && is_start) {
        *e = listening;
        return false;
    }
    return true;
}

static void look_for_changes(struct serve *serve) {
    struct err e = {0};
    int64_t seq = 0;
    if (serve->is_stopping) {
        return;
    }
    bool ok = store_change_seq(ops_store(serve->ops), &seq, &e) &&
              (seq == serve->seq || load(serve, false, &e));
    if (!ok && !serve->is_store_lost) {
        log_error(&e, "store-lost");
    } else if (ok && serve->is_store_lost) {
        log_event(LOG_INFO, "store-back", NULL);
    }
    serve->is_store_lost = !ok;
}

static void on_changed(uv_fs_event_t *watch, const char *name, int events, int status) {
    (void)name;
    (void)events;
    (void)status;
    look_for_changes(watch->data);
}

static void on_poll(uv_timer_t *timer) {
    look_for_changes(timer->data);
}

static void on_stopped(void *ctx) {
    struct serve *serve = ctx;
    uv_stop(&serve->loop);
}

static void on_signal(uv_signal_t *handle, int number) {
    struct serve *serve = handle->data;
    (void)number;
    if (serve->is_stopping) {
        uv_stop(&serve->loop);
        return;
    }
    serve->is_stopping = true;
    log_event(LOG_INFO, "stopping", NULL);
    net_stop(serve->net, STOP_TIMEOUT_MS, on_stopped, serve);
}

static bool loop_failed(int code, struct err *e) {
    (void)err_set(e, ERR_ROLE_SERVE_LOOP, "the event loop cannot be set up");
    return err_note(e, "%s", uv_strerror(code));
}

static bool start_watching(struct serve *serve, struct err *e) {
    PL_AUTO(mem_freep) char *path = NULL;
    int code = uv_fs_event_init(&serve->loop, &serve->watch);
    if (code != 0 || !file_join(ops_data_dir(serve->ops), STORE_CHANGED_NAME, &path, e)) {
        return code == 0 ? false : loop_failed(code, e);
    }
    serve->watch.data = serve;
    serve->poll.data = serve;
    serve->interrupt.data = serve;
    serve->terminate.data = serve;
    /* Without a watch (no inotify left) the poll still sees changes within a second. */
    (void)uv_fs_event_start(&serve->watch, on_changed, path, 0);
    code = uv_timer_init(&serve->loop, &serve->poll);
    code = code != 0 ? code : uv_timer_start(&serve->poll, on_poll, POLL_MS, POLL_MS);
    code = code != 0 ? code : uv_signal_init(&serve->loop, &serve->interrupt);
    code = code != 0 ? code : uv_signal_start(&serve->interrupt, on_signal, SIGINT);
    code = code != 0 ? code : uv_signal_init(&serve->loop, &serve->terminate);
    code = code != 0 ? code : uv_signal_start(&serve->terminate, on_signal, SIGTERM);
    return code == 0 || loop_failed(code, e);
}

static bool start_net(struct serve *serve, const struct serve_wish *wish, struct err *e) {
    const struct tls_engine_config engine = {.signer = {.sign = sign, .ctx = serve}};
    struct net_config net = {
        .loop = &serve->loop,
        .callbacks = {.ctx = serve, .failure = on_failure, .trouble = on_trouble}};
    net.callbacks.access = wish->has_access_log ? on_access : NULL;
    if (!tls_engine_new(&engine, &serve->engine, e)) {
        return false;
    }
    net.engine = serve->engine;
    return net_new(&net, &serve->net, e) && load(serve, true, e);
}

static bool give_up_root(struct err *e) {
    struct user user;
    if (!user_serving(&user, e) || !user_become(&user, e)) {
        return false;
    }
    if (user.uid == 0) {
        log_event(LOG_WARNING, "serving-as-root", "hint",
                  "make a user padlock, and give it the data directory", NULL);
    }
    return true;
}

static void tell_ready(int ready_fd) {
    if (ready_fd >= 0) {
        (void)!write(ready_fd, "1", 1);
        (void)close(ready_fd);
    }
    log_event(LOG_INFO, "ready", NULL);
}

static void close_handle(uv_handle_t *handle, void *ctx) {
    (void)ctx;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void serve_close(struct serve *serve) {
    if (serve->net != NULL) {
        net_free(serve->net);
    }
    /* net's handles are closing already; ours follow, then the loop runs what is left of both. */
    uv_walk(&serve->loop, close_handle, NULL);
    (void)uv_run(&serve->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&serve->loop);
    tls_engine_free(serve->engine);
    server_keys_free(serve->keys);
}

bool serve_run(struct ops *ops, const struct serve_wish *wish, struct err *e) {
    struct serve serve = {.ops = ops};
    int code = uv_loop_init(&serve.loop);
    if (code != 0) {
        return loop_failed(code, e);
    }
    log_open("serve", LOG_INFO, wish->is_json_log);
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignored, NULL);
    bool ok = server_keys_new(ops, &serve.keys, e) && start_watching(&serve, e) &&
              start_net(&serve, wish, e) && give_up_root(e);
    if (ok) {
        tell_ready(wish->ready_fd);
        (void)uv_run(&serve.loop, UV_RUN_DEFAULT);
    }
    serve_close(&serve);
    return ok;
}
