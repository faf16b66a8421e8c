/*
 * The process "probe": connections that go out. It proves service: it connects to a listener as a
 * visitor would, by name, and says whether one of the expected certificates is presented. For the
 * command line it observes one handshake (role/probe_trace.h), scans many listeners
 * (role/probe_scan.h), looks at a server or fetches what certificates name (role/probe_look.h), or
 * asks the DNS (role/probe_dns.h). It has no store and none of our keys, and believes nothing that
 * a server says.
 *
 * Limits: as many at a time as libuv's pool has threads (4), PROOF_TIMEOUT_MS each.
 */
#include "base/mem.h"
#include "base/str.h"
#include "http/fetch.h"
#include "role/probe_dns.h"
#include "role/probe_look.h"
#include "role/probe_scan.h"
#include "role/probe_trace.h"
#include "role/proof.h"
#include "role/stapling.h"
#include "role/workers.h"
#include "tls/client.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    PROOF_TIMEOUT_MS = 3000,
    RESPONDER_TIMEOUT_MS = 15 * 1000,
    FOLDERS_MAX = 8,
    ANSWER_MAX = 8 * 1024
};

struct probe_process {
    struct worker *worker;
    struct peer *control;
    struct probe_scan *scan; /* the command line's; NULL: none */
    int folders[FOLDERS_MAX];
    size_t folder_count;
};

struct proving {
    uv_work_t work;
    struct probe_process *probe;
    struct proof_wish wish;
    bool is_proven;
    struct err error;
};

/* --- in a thread ---------------------------------------------------------------------------------
 */

static bool is_expected(const struct proof_wish *wish, const struct cert *leaf) {
    for (size_t i = 0; i < wish->sha256_count; i++) {
        if (memcmp(wish->sha256[i], leaf->sha256, sizeof(leaf->sha256)) == 0) {
            return true;
        }
    }
    return false;
}

static bool prove(const struct proof_wish *wish, struct err *e) {
    PL_AUTO(tls_look_clear) struct tls_look look = {0};
    const struct tls_look_wish ask = {.connect_host = wish->address,
                                      .port = wish->port,
                                      .is_proxied = wish->is_proxied,
                                      .sni = wish->host[0] == '\0' ? NULL : wish->host,
                                      .timeout_ms = PROOF_TIMEOUT_MS};
    if (!tls_look_at(&ask, &look, e)) {
        return false;
    }
    return is_expected(wish, look.presented.items[0]) ||
           err_set(e, ERR_ROLE_PROOF_OTHER, "the listener presents another certificate, \"%.200s\"",
                   cert_display_name(look.presented.items[0]));
}

static void work(uv_work_t *request) {
    struct proving *proving = request->data;
    proving->is_proven = prove(&proving->wish, &proving->error);
}

/* --- in the loop ---------------------------------------------------------------------------------
 */

static void answer(uv_work_t *request, int status) {
    struct proving *proving = request->data;
    PL_AUTO(buf_clear) struct buf message = {.max = ANSWER_MAX};
    struct pack_writer w = {.out = &message};
    pack_u64(&w, proving->wish.number);
    pack_bool(&w, status == 0 && proving->is_proven);
    pack_err(&w, &proving->error);
    if (proving->probe->control != NULL && pack_end(&w, NULL)) {
        peer_send(proving->probe->control, IPC_PROVED, message.data, message.len, -1);
    }
    mem_free(proving);
}

/* --- OCSP responses ------------------------------------------------------------------------------
 */

struct asking {
    uv_work_t work;
    struct probe_process *probe;
    uint64_t number;
    char *url;
    struct cert *cert;
    struct cert *issuer;
    struct buf response;
    bool is_there;
    struct err error;
};

static void asking_free(struct asking *asking) {
    mem_free(asking->url);
    cert_free(asking->cert);
    cert_free(asking->issuer);
    buf_clear(&asking->response);
    mem_free(asking);
}

static void ask_responder(uv_work_t *request) {
    struct asking *asking = request->data;
    bool is_loopback = asking->probe->worker->start.fetches_from_loopback;
    const struct fetch_wish wish = {.url = asking->url,
                                    .networks = FETCH_PRIVATE | (is_loopback ? FETCH_LOOPBACK : 0U),
                                    .timeout_ms = RESPONDER_TIMEOUT_MS};
    asking->is_there =
        fetch_ocsp(asking->cert, asking->issuer, &wish, &asking->response, &asking->error);
}

static void tell_response(uv_work_t *request, int status) {
    struct asking *asking = request->data;
    PL_AUTO(buf_clear) struct buf message = {.max = STAPLING_ANSWER_MAX};
    struct pack_writer w = {.out = &message};
    struct stapling_answer answer = {.number = asking->number, .error = asking->error};
    if (status == 0 && asking->is_there) {
        answer.der = asking->response.data;
        answer.der_len = asking->response.len;
    }
    stapling_pack_answer(&answer, &w);
    if (asking->probe->control != NULL && pack_end(&w, NULL)) {
        peer_send(asking->probe->control, IPC_RESPONDED, message.data, message.len, -1);
    }
    asking_free(asking);
}

static bool on_ask_responder(struct probe_process *probe, const struct ipc_message *message) {
    struct stapling_wish wish;
    void *memory = NULL;
    if (!stapling_read(message->bytes, message->len, &wish)) {
        return false;
    }
    if (!mem_alloc(sizeof(struct asking), &memory, NULL)) {
        return true; /* control gives up by its own deadline */
    }
    struct asking *asking = memory;
    asking->probe = probe;
    asking->number = wish.number;
    asking->work.data = asking;
    buf_init(&asking->response, STAPLING_DER_MAX);
    if (!mem_strdup(wish.url, &asking->url, NULL) ||
        !cert_from_der(wish.cert, wish.cert_len, &asking->cert, NULL) ||
        !cert_from_der(wish.issuer, wish.issuer_len, &asking->issuer, NULL) ||
        uv_queue_work(&probe->worker->loop, &asking->work, ask_responder, tell_response) != 0) {
        asking_free(asking);
    }
    return true;
}

static bool on_control(void *ctx, struct peer *peer, struct ipc_message *message) {
    struct probe_process *probe = ctx;
    void *memory = NULL;
    (void)peer;
    if (message->type == IPC_ASK_RESPONDER) {
        return on_ask_responder(probe, message);
    }
    if (!mem_alloc(sizeof(struct proving), &memory, NULL)) {
        return true; /* control gives up by its own deadline */
    }
    struct proving *proving = memory;
    proving->probe = probe;
    proving->work.data = proving;
    if (!proof_read(message, &proving->wish)) {
        mem_free(proving);
        return false;
    }
    if (uv_queue_work(&probe->worker->loop, &proving->work, work, answer) != 0) {
        mem_free(proving);
    }
    return true;
}

static void on_control_gone(void *ctx, struct peer *peer) {
    struct probe_process *probe = ctx;
    probe->control = NULL;
    peer_free(peer);
}

/* --- traces --------------------------------------------------------------------------------------
 */

struct tracing {
    uv_work_t work;
    struct worker *worker;
    struct trace_wish wish;
    int fd;
    struct err error;
};

static void trace_in_thread(uv_work_t *request) {
    struct tracing *tracing = request->data;
    if (!probe_trace(&tracing->wish, &tracing->fd, &tracing->error)) {
        tracing->fd = -1;
    }
}

static void answer_trace(uv_work_t *request, int status) {
    struct tracing *tracing = request->data;
    if (status == 0 && tracing->fd >= 0) {
        worker_send(tracing->worker, IPC_TRACED, NULL, 0, tracing->fd);
    } else {
        worker_send_error(tracing->worker, &tracing->error);
    }
    if (tracing->fd >= 0) {
        (void)close(tracing->fd);
    }
    trace_wish_clear(&tracing->wish);
    mem_free(tracing);
}

static bool on_trace(struct worker *worker, const struct ipc_message *message) {
    void *memory = NULL;
    struct err e = {0};
    if (!mem_alloc(sizeof(struct tracing), &memory, &e)) {
        worker_send_error(worker, &e);
        return true;
    }
    struct tracing *tracing = memory;
    tracing->worker = worker;
    tracing->work.data = tracing;
    tracing->fd = -1;
    if (!trace_wish_read(message->bytes, message->len, &tracing->wish, NULL)) {
        mem_free(tracing);
        return false;
    }
    if (uv_queue_work(&worker->loop, &tracing->work, trace_in_thread, answer_trace) != 0) {
        trace_wish_clear(&tracing->wish);
        mem_free(tracing);
    }
    return true;
}

static bool on_message(struct worker *worker, struct ipc_message *message) {
    struct probe_process *probe = worker->own;
    struct worker_peer about;
    if (message->type == IPC_TRACE) {
        return on_trace(worker, message);
    }
    if (message->type == IPC_SCAN) {
        return probe->scan == NULL && probe_scan_begin(worker, message, &probe->scan);
    }
    if (message->type == IPC_SCAN_TAKEN) {
        return probe_scan_taken(probe->scan, message);
    }
    if (message->type == IPC_LOOK_UP) {
        return probe_look_up(worker, message);
    }
    if (message->type == IPC_LOOK) {
        return probe_look(worker, message);
    }
    if (message->type == IPC_FETCH) {
        return probe_fetch(worker, message);
    }
    if (message->type != IPC_PEER || !worker_peer_read(message, &about) ||
        about.role != IPC_CONTROL) {
        return false;
    }
    const struct peer_callbacks callbacks = {
        .ctx = probe, .message = on_control, .gone = on_control_gone};
    peer_free(PL_TAKE(probe->control));
    return worker_connect(worker, message, IPC_CONTROL, &callbacks, &probe->control, NULL);
}

/* --- beginning and end ---------------------------------------------------------------------------
 */

/* What looking up names reads: its configuration, its libraries, the resolver's socket. */
static void open_folders(struct probe_process *probe) {
    static const char *const paths[] = {"/etc", "/usr", "/lib", "/lib64", "/run/systemd/resolve"};
    for (size_t i = 0; i < PL_ARRAY_LEN(paths); i++) {
        int fd = open(paths[i], O_PATH | O_CLOEXEC | O_DIRECTORY);
        if (fd >= 0) {
            probe->folders[probe->folder_count++] = fd;
        }
    }
}

static bool begin(struct worker *worker, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct probe_process), &memory, e)) {
        return false;
    }
    struct probe_process *probe = worker->own = memory;
    probe->worker = worker;
    probe_scan_raise_limit();
    open_folders(probe);
    return true;
}

static void keep(struct worker *worker, struct sandbox_wish *wish) {
    const struct probe_process *probe = worker->own;
    wish->rights = SANDBOX_CONNECT | SANDBOX_READ | SANDBOX_THREADS;
    wish->folders = probe->folders;
    wish->folder_count = probe->folder_count;
}

static void end(struct worker *worker) {
    struct probe_process *probe = worker->own;
    if (probe == NULL) {
        return;
    }
    peer_free(PL_TAKE(probe->control));
    probe_scan_end(PL_TAKE(probe->scan));
    for (size_t i = 0; i < probe->folder_count; i++) {
        (void)close(probe->folders[i]);
    }
    /* Those under way answer to nobody, and then their memory goes. */
    (void)uv_run(&worker->loop, UV_RUN_DEFAULT);
    mem_free(probe);
}

const struct worker_kind probe_kind = {
    .role = IPC_PROBE,
    .begin = begin,
    .message = on_message,
    .keep = keep,
    .end = end,
};
