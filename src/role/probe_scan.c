/* Scans: which listener is looked at when. See role/probe_scan.h. */
#include "role/probe_scan.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "inspect/scan/report.h"
#include "role/probe_scan_parts.h"
#include "role/probe_trace.h"
#include "sys/memory_file.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    TICK_MS = 20,
    SPARE_DESCRIPTORS = 64,
    BURST_MS = 50, /* of the rate that may be saved up */
};

void probe_scan_raise_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* --- pace ----------------------------------------------------------------------------------------
 */

bool scan_may_connect(struct probe_scan *scan) {
    if (scan->connection_count >= scan->wish.connections) {
        return false;
    }
    if (scan->wish.rate == 0) {
        return true;
    }
    int64_t now_us = clock_monotonic_us();
    int64_t each_us = 1000000 / (int64_t)scan->wish.rate;
    if (scan->next_connect_us < now_us - (int64_t)BURST_MS * 1000) {
        scan->next_connect_us = now_us - (int64_t)BURST_MS * 1000;
    }
    if (scan->next_connect_us > now_us) {
        return false;
    }
    scan->next_connect_us += each_us;
    return true;
}

/* --- documents -----------------------------------------------------------------------------------
 */

static void tell(struct probe_scan *scan, struct scan_run *run) {
    PL_AUTO(buf_clear) struct buf text = {.max = 2 * SCAN_DOCUMENT_MAX};
    struct err e = {0};
    run->host->ended_ms = clock_now_ms();
    if (!scan_report(run->host, &scan->anchors, clock_now_ms(), &text, &e)) {
        worker_send_error(scan->worker, &e);
        return;
    }
    scan->waiting_bytes += text.len;
    worker_send(scan->worker, IPC_SCANNED, text.data, text.len, -1);
}

/* --- listeners -----------------------------------------------------------------------------------
 */

static void unlink_run(struct scan_run *run) {
    *run->link = run->next;
    if (run->next != NULL) {
        run->next->link = run->link;
    }
    run->scan->run_count--;
}

void scan_run_free(struct scan_run *run) {
    scan_host_free(run->host);
    mem_free(run);
}

/* It has no connection and no look-up under way. */
static void finish_run(struct scan_run *run) {
    struct probe_scan *scan = run->scan;
    unlink_run(run);
    if (!scan->is_ending) {
        tell(scan, run);
    }
    scan_run_free(run);
}

bool scan_run_go_on(struct scan_run *run) {
    struct probe_scan *scan = run->scan;
    if (run->is_looked_up) {
        return true;
    }
    while (!scan->is_ending && run->connection_count < scan->wish.per_host) {
        if (!run->has_ask) {
            enum plan_next next = plan_next(run->host, &run->ask);
            if (next == PLAN_WAIT) {
                return true;
            }
            if (next == PLAN_OVER) {
                break;
            }
            run->has_ask = true;
        }
        if (!scan_may_connect(scan)) {
            return true;
        }
        run->has_ask = false;
        scan_connect(run, &run->ask);
    }
    if (run->connection_count > 0 || run->is_asking_dns ||
        (!scan->is_ending && run->host->state == SCAN_UNDER_WAY)) {
        return true;
    }
    if (scan->waiting_bytes >= PROBE_SCAN_WAITING_MAX && !scan->is_ending) {
        scan->has_held = true;
        return true;
    }
    finish_run(run);
    return false;
}

static bool is_done_already(const struct probe_scan *scan, const struct scan_target *target) {
    char text[SCAN_TARGET_TEXT];
    scan_target_format(target, text);
    return scan->done != NULL && map_get(scan->done, text, strlen(text)) != NULL;
}

static void begin_run(struct probe_scan *scan, const struct scan_target *target) {
    void *memory = NULL;
    struct err e = {0};
    const char *names[SCAN_NAMES_MAX];
    for (size_t i = 0; i < scan->wish.name_count; i++) {
        names[i] = scan->wish.names[i];
    }
    if (!mem_alloc(sizeof(struct scan_run), &memory, &e)) {
        worker_send_error(scan->worker, &e);
        return;
    }
    struct scan_run *run = memory;
    if (!scan_host_new(target, names, scan->wish.name_count, starttls_find(scan->wish.starttls),
                       scan->wish.is_quick, &run->host, &e)) {
        worker_send_error(scan->worker, &e);
        mem_free(run);
        return;
    }
    run->scan = scan;
    run->next = scan->runs;
    run->link = &scan->runs;
    if (run->next != NULL) {
        run->next->link = &run->next;
    }
    scan->runs = run;
    scan->run_count++;
    run->host->pool = scan->pool;
    run->host->began_ms = clock_now_ms();
    if (!scan_look_up(run)) {
        scan_host_set_state(run->host, SCAN_UNREACHABLE);
    }
    if (scan->wish.has_caa && !scan->wish.is_quick && run->host->name_count > 0) {
        scan_ask_dns(run);
    }
    (void)scan_run_go_on(run);
}

static uint32_t runs_max(const struct probe_scan *scan) {
    uint32_t each = scan->wish.is_quick ? 1 : scan->wish.per_host;
    uint32_t most = scan->wish.connections / each;
    return most == 0 ? 1 : most;
}

static void begin_more(struct probe_scan *scan) {
    struct scan_target target;
    while (!scan->is_ending && !scan->is_read && scan->run_count < runs_max(scan) &&
           scan->waiting_bytes < PROBE_SCAN_WAITING_MAX) {
        if (!scan_targets_next(&scan->targets, &scan->cursor, &target)) {
            scan->is_read = true;
            break;
        }
        if (!is_done_already(scan, &target)) {
            begin_run(scan, &target);
        }
    }
    if (scan->is_read && scan->run_count == 0 && !scan->is_over) {
        scan->is_over = true;
        (void)uv_timer_stop(&scan->tick);
        worker_send(scan->worker, IPC_SCAN_OVER, NULL, 0, -1);
    }
}

void scan_go_on(struct probe_scan *scan) {
    /* One that ends begins others: not again within. */
    if (scan->is_going_on) {
        return;
    }
    scan->is_going_on = true;
    begin_more(scan);
    scan->is_going_on = false;
}

/* Every listener asks what it can, or is let go. */
static void go_on_all(struct probe_scan *scan) {
    struct scan_run *next = NULL;
    for (struct scan_run *run = scan->runs; run != NULL; run = next) {
        next = run->next;
        (void)scan_run_go_on(run);
    }
}

bool probe_scan_taken(struct probe_scan *scan, const struct ipc_message *message) {
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    uint64_t bytes = unpack_u64(&r);
    if (!unpack_is_done(&r) || scan == NULL || bytes > scan->waiting_bytes) {
        return false;
    }
    scan->waiting_bytes -= bytes;
    if (scan->has_held && scan->waiting_bytes < PROBE_SCAN_WAITING_MAX / 2) {
        scan->has_held = false;
        go_on_all(scan);
    }
    scan_go_on(scan);
    return true;
}

/* Those that had to wait for the pace, and those whose time is up. */
static void on_tick(uv_timer_t *tick) {
    struct probe_scan *scan = tick->data;
    scan_check_deadlines(scan);
    go_on_all(scan);
    scan_go_on(scan);
}

/* --- beginning and end ---------------------------------------------------------------------------
 */

static bool read_done(struct probe_scan *scan, const char *text, size_t len, struct err *e) {
    static char there;
    if (!map_new(SCAN_TARGETS_MAX, &scan->done, e)) {
        return false;
    }
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t line = end == NULL ? len : (size_t)(end - text);
        if (line > 0 && !map_set(scan->done, text, line, &there, NULL, e)) {
            return false;
        }
        line += end == NULL ? 0 : 1;
        text += line;
        len -= line;
    }
    return true;
}

/* The targets' lines, a NUL, and the lines of those that are done. */
static bool read_lists(struct probe_scan *scan, int fd, struct err *e) {
    enum { ANY_PORT = 443 };
    void *bytes = NULL;
    size_t size = 0;
    if (!memory_file_map(fd, &bytes, &size, e)) {
        return false;
    }
    const char *text = bytes;
    const char *end = memchr(text, '\0', size);
    size_t targets_len = end == NULL ? size : (size_t)(end - text);
    bool ok = scan_targets_add_list(&scan->targets, text, targets_len, ANY_PORT, e) &&
              (end == NULL || read_done(scan, end + 1, size - targets_len - 1, e));
    memory_file_unmap(bytes, size);
    return ok;
}

static void free_scan(struct probe_scan *scan) {
    scan_wish_clear(&scan->wish);
    scan_targets_clear(&scan->targets);
    cert_list_clear(&scan->anchors);
    cert_pool_free(scan->pool);
    map_free(scan->done);
    mem_free(scan);
}

static void on_tick_closed(uv_handle_t *handle) {
    free_scan(handle->data);
}

static void fit_limits(struct probe_scan *scan) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 2 * SPARE_DESCRIPTORS &&
        scan->wish.connections > limit.rlim_cur - SPARE_DESCRIPTORS) {
        scan->wish.connections = (uint32_t)(limit.rlim_cur - SPARE_DESCRIPTORS);
    }
}

static bool prepare(struct probe_scan *scan, int fd, struct err *e) {
    fit_limits(scan);
    return read_lists(scan, fd, e) && cert_pool_new(&scan->pool, e) &&
           probe_gather_anchors(&scan->wish.trust, scan->wish.has_system_trust, &scan->anchors, e);
}

bool probe_scan_begin(struct worker *worker, struct ipc_message *message,
                      struct probe_scan **out_scan) {
    void *memory = NULL;
    struct err e = {0};
    int fd = ipc_take_fd(message);
    *out_scan = NULL;
    if (!mem_alloc(sizeof(struct probe_scan), &memory, &e)) {
        (void)close(fd);
        worker_send_error(worker, &e);
        return true;
    }
    struct probe_scan *scan = memory;
    scan->worker = worker;
    bool is_read = scan_wish_read(message->bytes, message->len, &scan->wish, &e);
    bool is_prepared = is_read && prepare(scan, fd, &e);
    (void)close(fd);
    if (!is_prepared) {
        if (is_read) {
            worker_send_error(worker, &e);
        }
        free_scan(scan);
        return is_read;
    }
    (void)uv_timer_init(&worker->loop, &scan->tick); /* cannot fail */
    scan->tick.data = scan;
    (void)uv_timer_start(&scan->tick, on_tick, TICK_MS, TICK_MS);
    *out_scan = scan;
    scan_go_on(scan);
    return true;
}

void probe_scan_end(struct probe_scan *scan) {
    if (scan == NULL || scan->is_ending) {
        return;
    }
    scan->is_ending = true;
    scan_close_connections(scan);
    go_on_all(scan);
    if (scan->run_count == 0) {
        uv_close((uv_handle_t *)&scan->tick, on_tick_closed);
    }
}

void scan_run_closed(struct scan_run *run) {
    struct probe_scan *scan = run->scan;
    bool is_left = scan_run_go_on(run);
    if (scan->is_ending && scan->run_count == 0 && !uv_is_closing((uv_handle_t *)&scan->tick)) {
        uv_close((uv_handle_t *)&scan->tick, on_tick_closed);
    } else if (!is_left && !scan->is_ending) {
        scan_go_on(scan);
    }
}
