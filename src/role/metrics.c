/*
 * The process "metrics": /metrics and /healthz over plain HTTP, for whoever watches the server. It
 * has one listener and the memory in which the net processes count, for reading: no store, no key,
 * no file, no connection of its own making.
 *
 * What an ended net process had counted stays in the sums, so that counters only grow; they begin
 * anew when this process is started again.
 *
 * Limits: VISITORS_MAX at a time, VISIT_MS for each, one request a connection, HEAD_MAX bytes.
 */
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/h1.h"
#include "role/metrics_page.h"
#include "role/workers.h"
#include "sys/memory_file.h"

#include <string.h>
#include <unistd.h>

enum {
    VISITORS_MAX = 32,
    VISIT_MS = 5 * 1000,
    TICK_MS = 500,
    HEAD_MAX = 8 * 1024,
    CHUNK_SIZE = 4096,
    BACKLOG = 64,
    COUNTED_MAX = 1024, /* net processes at a time, those that end included */
};

/* One net process. */
struct counted {
    struct counted *next;
    uint64_t serial; /* the supervisor's name for it */
    struct net_figures *figures;
    size_t size;
};

struct visitor {
    uv_tcp_t tcp;
    uv_write_t write;
    struct metrics_process *process;
    struct visitor *next;
    int64_t since_ms;
    size_t scanned;
    struct buf in;
    struct buf out;
};

struct metrics_process {
    struct worker *worker;
    uv_tcp_t listener;
    uv_timer_t tick;
    bool is_listening;
    struct counted *counted;
    size_t counted_count;
    struct metrics_facts facts; /* its figures: of processes that have ended */
    struct visitor *visitors;
    size_t visitor_count;
    struct http_request request;
    char chunk[CHUNK_SIZE];
};

/* --- what is known -------------------------------------------------------------------------------
 */

static void add_figures(struct metrics_facts *facts, const struct counted *counted,
                        bool takes_gauges) {
    for (unsigned i = 0; i < NET_FIGURE_COUNT; i++) {
        if (takes_gauges || net_figure_row((enum net_figure)i)->is_counter) {
            facts->figures[i] += net_figure(counted->figures, (enum net_figure)i);
        }
    }
}

static void free_counted(struct counted *counted) {
    memory_file_unmap(counted->figures, counted->size);
    mem_free(counted);
}

static bool read_serial(const struct ipc_message *message, uint64_t *out_serial) {
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    *out_serial = unpack_u64(&r);
    return unpack_is_done(&r);
}

static bool on_figures(struct metrics_process *process, const struct ipc_message *message) {
    void *memory = NULL;
    void *figures = NULL;
    struct err e = {0};
    uint64_t serial = 0;
    if (!read_serial(message, &serial) || process->counted_count >= COUNTED_MAX ||
        !mem_alloc(sizeof(struct counted), &memory, &e)) {
        return false;
    }
    struct counted *counted = memory;
    /* It comes from net, who may have been taken over: what is too small is nobody's figures. */
    if (!memory_file_map(message->fd, &figures, &counted->size, &e) ||
        counted->size < sizeof(struct net_figures)) {
        memory_file_unmap(figures, counted->size);
        mem_free(counted);
        log_event(LOG_WARNING, "figures-refused", NULL);
        return true;
    }
    counted->figures = figures;
    counted->serial = serial;
    counted->next = process->counted;
    process->counted = counted;
    process->counted_count++;
    return true;
}

static bool on_figures_ended(struct metrics_process *process, const struct ipc_message *message) {
    uint64_t serial = 0;
    if (!read_serial(message, &serial)) {
        return false;
    }
    for (struct counted **at = &process->counted; *at != NULL; at = &(*at)->next) {
        struct counted *counted = *at;
        if (counted->serial == serial) {
            *at = counted->next;
            add_figures(&process->facts, counted, false);
            free_counted(counted);
            process->counted_count--;
            return true;
        }
    }
    return true;
}

static bool on_processes(struct metrics_process *process, const struct ipc_message *message) {
    struct unpack_reader r;
    struct metrics_facts *facts = &process->facts;
    unpack_init(&r, message->bytes, message->len);
    facts->is_stopping = unpack_bool(&r);
    facts->role_count = unpack_u32(&r);
    if (facts->role_count > METRICS_ROLES_MAX) {
        facts->role_count = 0;
        return false;
    }
    for (size_t i = 0; i < facts->role_count; i++) {
        struct metrics_role *role = &facts->roles[i];
        role->name = ipc_role_name((enum ipc_role)unpack_u32(&r));
        role->wanted = unpack_u32(&r);
        role->running = unpack_u32(&r);
        role->restarts = unpack_u64(&r);
    }
    return unpack_is_done(&r);
}

static bool on_world(struct metrics_process *process, const struct ipc_message *message) {
    struct unpack_reader r;
    struct metrics_facts *facts = &process->facts;
    unpack_init(&r, message->bytes, message->len);
    facts->store_seq = unpack_i64(&r);
    facts->applied_seq = unpack_i64(&r);
    facts->bindings = unpack_u64(&r);
    facts->first_expiry_ms = unpack_i64(&r);
    facts->has_world = unpack_is_done(&r);
    return facts->has_world;
}

/* --- visitors ------------------------------------------------------------------------------------
 */

static void on_visitor_closed(uv_handle_t *handle) {
    struct visitor *visitor = handle->data;
    struct visitor **at = &visitor->process->visitors;
    while (*at != visitor) {
        at = &(*at)->next;
    }
    *at = visitor->next;
    visitor->process->visitor_count--;
    buf_clear(&visitor->in);
    buf_clear(&visitor->out);
    mem_free(visitor);
}

static void leave(struct visitor *visitor) {
    if (!uv_is_closing((const uv_handle_t *)&visitor->tcp)) {
        uv_close((uv_handle_t *)&visitor->tcp, on_visitor_closed);
    }
}

static void on_written(uv_write_t *write, int status) {
    (void)status;
    leave(write->data);
}

static bool set_text(struct http_response *response, const char *type, const struct buf *text,
                     struct err *e) {
    return http_response_add(response, "Content-Type", type, e) &&
           http_response_add(response, "Cache-Control", "no-store", e) &&
           http_body_add_memory(&response->body, text->data, text->len, e);
}

static bool show_metrics(const struct metrics_process *process, struct http_response *response,
                         struct err *e) {
    PL_AUTO(buf_clear) struct buf page = {.max = METRICS_PAGE_MAX};
    struct metrics_facts facts = process->facts;
    for (const struct counted *c = process->counted; c != NULL; c = c->next) {
        add_figures(&facts, c, true);
    }
    return metrics_page_write(&facts, &page, e) && set_text(response, METRICS_TYPE, &page, e);
}

static bool show_health(const struct metrics_process *process, struct http_response *response,
                        struct err *e) {
    PL_AUTO(buf_clear) struct buf text = {.max = METRICS_PAGE_MAX};
    const char *why = NULL;
    response->status = metrics_is_healthy(&process->facts, &why) ? 200 : 503;
    return buf_printf(&text, e, "%s\n", why) &&
           set_text(response, "text/plain; charset=utf-8", &text, e);
}

static bool answer(const struct metrics_process *process, const struct http_request *request,
                   struct http_response *response, struct err *e) {
    if (request->method != HTTP_GET && request->method != HTTP_HEAD) {
        return http_response_add(response, "Allow", "GET, HEAD", e) &&
               http_response_set_page(response, 405, "Here is only something to read.", e);
    }
    if (http_text_equal(request->path, "/metrics")) {
        return show_metrics(process, response, e);
    }
    if (http_text_equal(request->path, "/healthz")) {
        return show_health(process, response, e);
    }
    return http_response_set_page(response, 404, "Here are /metrics and /healthz.", e);
}

/* Head and body, at once: they are small. */
static bool write_response(struct http_response *response, const struct http_request *request,
                           struct buf *out, struct err *e) {
    char date[30];
    const struct h1_framing framing = {.minor = request->minor, .date = date};
    clock_format_http(clock_now_ms(), date);
    const struct buf *memory = &response->body.memory;
    return h1_write_head(response, &framing, out, e) &&
           (request->method == HTTP_HEAD || buf_append(out, memory->data, memory->len, e));
}

static void respond(struct visitor *visitor, const struct h1_refusal *refusal) {
    struct metrics_process *process = visitor->process;
    struct http_response response;
    http_response_init(&response, 200);
    bool ok = refusal != NULL
                  ? http_response_set_page(&response, refusal->status, refusal->reason, NULL)
                  : answer(process, &process->request, &response, NULL);
    ok = ok && write_response(&response, &process->request, &visitor->out, NULL);
    http_response_clear(&response);
    (void)uv_read_stop((uv_stream_t *)&visitor->tcp);
    const uv_buf_t piece = uv_buf_init((char *)visitor->out.data, (unsigned)visitor->out.len);
    visitor->write.data = visitor;
    if (!ok ||
        uv_write(&visitor->write, (uv_stream_t *)&visitor->tcp, &piece, 1, on_written) != 0) {
        leave(visitor);
    }
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *chunk) {
    struct visitor *visitor = stream->data;
    struct http_request *request = &visitor->process->request;
    struct h1_refusal refusal = {0};
    size_t used = 0;
    if (got < 0 || !buf_append(&visitor->in, chunk->base, (size_t)got, NULL)) {
        leave(visitor);
        return;
    }
    memset(request, 0, offsetof(struct http_request, fields));
    switch (h1_read_head(visitor->in.data, visitor->in.len, &visitor->scanned, request, &used,
                         &refusal)) {
    case H1_MORE:
        return;
    case H1_WHOLE:
        respond(visitor, NULL);
        return;
    case H1_REFUSED:
        memset(request, 0, offsetof(struct http_request, fields));
        respond(visitor, &refusal);
        return;
    }
}

static void give_chunk(uv_handle_t *handle, size_t wanted, uv_buf_t *out_chunk) {
    const struct visitor *visitor = handle->data;
    (void)wanted;
    *out_chunk = uv_buf_init(visitor->process->chunk, CHUNK_SIZE);
}

static void on_connection(uv_stream_t *listener, int status) {
    struct metrics_process *process = listener->data;
    void *memory = NULL;
    if (status != 0 || !mem_alloc(sizeof(struct visitor), &memory, NULL)) {
        return;
    }
    struct visitor *visitor = memory;
    visitor->process = process;
    visitor->since_ms = (int64_t)uv_now(&process->worker->loop);
    buf_init(&visitor->in, HEAD_MAX);
    buf_init(&visitor->out, METRICS_PAGE_MAX + HTTP_RESPONSE_FIELDS_MAX);
    (void)uv_tcp_init(&process->worker->loop, &visitor->tcp); /* cannot fail */
    visitor->tcp.data = visitor;
    visitor->next = process->visitors;
    process->visitors = visitor;
    process->visitor_count++;
    if (uv_accept(listener, (uv_stream_t *)&visitor->tcp) != 0 ||
        process->visitor_count > VISITORS_MAX ||
        uv_read_start((uv_stream_t *)&visitor->tcp, give_chunk, on_read) != 0) {
        leave(visitor);
    }
}

static void on_tick(uv_timer_t *tick) {
    struct metrics_process *process = tick->data;
    int64_t now_ms = (int64_t)uv_now(&process->worker->loop);
    for (struct visitor *v = process->visitors; v != NULL; v = v->next) {
        if (now_ms - v->since_ms >= VISIT_MS) {
            leave(v);
        }
    }
}

/* --- beginning and end ---------------------------------------------------------------------------
 */

/* Before go: afterwards it may not listen any more. */
static bool on_listener(struct metrics_process *process, struct ipc_message *message) {
    int fd = ipc_take_fd(message);
    if (process->is_listening || uv_tcp_open(&process->listener, fd) != 0) {
        (void)close(fd);
        return false;
    }
    process->is_listening = true;
    return uv_listen((uv_stream_t *)&process->listener, BACKLOG, on_connection) == 0;
}

static bool on_message(struct worker *worker, struct ipc_message *message) {
    struct metrics_process *process = worker->own;
    switch ((unsigned)message->type) {
    case IPC_LISTENER:
        return on_listener(process, message);
    case IPC_FIGURES:
        return on_figures(process, message);
    case IPC_FIGURES_ENDED:
        return on_figures_ended(process, message);
    case IPC_PROCESSES:
        return on_processes(process, message);
    case IPC_WORLD:
        return on_world(process, message);
    default:
        return false;
    }
}

static bool begin(struct worker *worker, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct metrics_process), &memory, e)) {
        return false;
    }
    struct metrics_process *process = worker->own = memory;
    process->worker = worker;
    /* None of these can fail. */
    (void)uv_tcp_init(&worker->loop, &process->listener);
    (void)uv_timer_init(&worker->loop, &process->tick);
    (void)uv_timer_start(&process->tick, on_tick, TICK_MS, TICK_MS);
    process->listener.data = process->tick.data = process;
    return true;
}

static void keep(struct worker *worker, struct sandbox_wish *wish) {
    (void)worker;
    wish->rights = SANDBOX_ACCEPT;
}

static void end(struct worker *worker) {
    struct metrics_process *process = worker->own;
    if (process == NULL) {
        return;
    }
    for (struct visitor *v = process->visitors; v != NULL; v = v->next) {
        leave(v);
    }
    uv_close((uv_handle_t *)&process->listener, NULL);
    uv_close((uv_handle_t *)&process->tick, NULL);
    (void)uv_run(&worker->loop, UV_RUN_NOWAIT);
    while (process->counted != NULL) {
        struct counted *next = process->counted->next;
        free_counted(process->counted);
        process->counted = next;
    }
    mem_free(process);
}

const struct worker_kind metrics_kind = {
    .role = IPC_METRICS,
    .begin = begin,
    .message = on_message,
    .keep = keep,
    .end = end,
};
