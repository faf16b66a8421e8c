/* keys, unpack and probe for one command. */
#include "role/offline.h"

#include "base/mem.h"
#include "base/str.h"
#include "inspect/trace/document.h"
#include "keys/keys.h"
#include "keys/unpack_wire.h"
#include "ops/ops.h"
#include "role/dns_note.h"
#include "role/look_note.h"
#include "role/worker.h"
#include "sys/memory_file.h"
#include "sys/process.h"
#include "sys/service_manager.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    ANSWER_TIMEOUT_MS = 120 * 1000,
    ANSWER_GRACE_MS = 10 * 1000, /* beyond a wish's own time */
    END_TIMEOUT_MS = 2000,
    END_PAUSE_MAX_MS = 64,
    SCAN_TIMEOUT_MS = 60 * 60 * 1000, /* between two listeners */
    START_ROOM = 16384,
    CALL_MAX = 4 * 1024 * 1024 + 4096
};

struct offline {
    struct ipc_channel *channel;
    pid_t pid;
};

/* --- a process -----------------------------------------------------------------------------------
 */

/* Waits for its end, at most END_TIMEOUT_MS; 0 as long as it lives, as waitpid(2). */
static pid_t await_end(pid_t pid) {
    long pause_ms = 1;
    for (long waited_ms = 0;; waited_ms += pause_ms) {
        pause_ms = pause_ms < END_PAUSE_MAX_MS ? 2 * pause_ms : pause_ms;
        const struct timespec pause = {.tv_nsec = pause_ms * 1000000L};
        pid_t ended = waitpid(pid, NULL, WNOHANG);
        if (ended != 0 || waited_ms >= END_TIMEOUT_MS) {
            return ended;
        }
        (void)nanosleep(&pause, NULL);
    }
}

/* One that waits for a server still, or that a server has taken over, ends all the same. */
static void offline_close(void *ctx) {
    struct offline *offline = ctx;
    if (offline == NULL) {
        return;
    }
    ipc_channel_free(offline->channel); /* which ends it */
    if (offline->pid > 0 && await_end(offline->pid) == 0) {
        (void)kill(offline->pid, SIGKILL);
        while (waitpid(offline->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    mem_free(offline);
}

static void offline_closep(struct offline **offline) {
    offline_close(*offline);
}

static bool read_failure(const struct ipc_message *message, struct err *e) {
    struct unpack_reader r;
    struct err failure = {0};
    unpack_init(&r, message->bytes, message->len);
    unpack_err(&r, &failure);
    if (unpack_end(&r, e) && e != NULL) {
        *e = failure;
    }
    return false;
}

static bool wait_long(struct ipc_channel *channel, int64_t timeout_ms, enum ipc_type type,
                      struct ipc_message *out, struct err *e) {
    if (!ipc_wait(channel, timeout_ms, out, e)) {
        return false;
    }
    if (out->type == IPC_FAILED) {
        return read_failure(out, e);
    }
    return out->type == type ||
           err_set(e, ERR_IPC_MALFORMED, "another process sent what nobody asked for");
}

static bool wait_for(struct ipc_channel *channel, enum ipc_type type, struct ipc_message *out,
                     struct err *e) {
    return wait_long(channel, ANSWER_TIMEOUT_MS, type, out, e);
}

static bool begin(const struct offline *offline, enum user_role user, const char *data_dir,
                  struct err *e) {
    PL_AUTO(buf_clear) struct buf message = {.max = START_ROOM};
    struct pack_writer w = {.out = &message};
    struct worker_start start = {0};
    struct ipc_message ready;
    if (!user_for(user, &start.user, e)) {
        return false;
    }
    if (!str_copy(start.data_dir, sizeof(start.data_dir), data_dir)) {
        return err_set(e, ERR_BASE_LIMIT, "the data directory's path is too long");
    }
    (void)service_find_credential(SEALING_CREDENTIAL, start.sealing_key);
    worker_start_pack(&start, &w);
    return pack_end(&w, e) &&
           ipc_send(offline->channel, IPC_START, message.data, message.len, -1, e) &&
           ipc_send(offline->channel, IPC_GO, NULL, 0, -1, e) &&
           wait_for(offline->channel, IPC_READY, &ready, e);
}

static bool start(enum ipc_role role, const char *data_dir, struct offline **out_offline,
                  struct err *e) {
    void *memory = NULL;
    int ends[2];
    if (!mem_alloc(sizeof(struct offline), &memory, e)) {
        return false;
    }
    PL_AUTO(offline_closep) struct offline *offline = memory;
    if (!ipc_pair(ends, e)) {
        return false;
    }
    bool ok =
        process_start(ipc_role_name(role), ipc_role_name(IPC_CLIENT), ends[1], &offline->pid, e);
    (void)close(ends[1]);
    if (!ipc_channel_new(ends[0], IPC_CLIENT, role, &offline->channel, ok ? e : NULL) || !ok ||
        !begin(offline, role == IPC_PROBE ? USER_NET : USER_KEYS, data_dir, e)) {
        return false;
    }
    *out_offline = PL_TAKE(offline);
    return true;
}

/* --- keys ----------------------------------------------------------------------------------------
 */

static bool call_keys(void *ctx, const struct buf *call, struct buf *out_answer, struct err *e) {
    const struct offline *offline = ctx;
    struct ipc_message answer;
    return ipc_send(offline->channel, IPC_KEYS_CALL, call->data, call->len, -1, e) &&
           wait_for(offline->channel, IPC_KEYS_REPLY, &answer, e) &&
           buf_reserve(out_answer, answer.len, e) &&
           buf_append(out_answer, answer.bytes, answer.len, e);
}

static bool open_keys(const char *data_dir, struct keys **out_keys, struct err *e) {
    struct offline *offline = NULL;
    if (!start(IPC_KEYS, data_dir, &offline, e)) {
        return false;
    }
    const struct keys_transport transport = {
        .ctx = offline, .call = call_keys, .close = offline_close};
    return keys_connect(&transport, out_keys, e);
}

/* --- unpack --------------------------------------------------------------------------------------
 */

static bool unpack_file(bool is_pfx, const uint8_t *bytes, size_t len,
                        const struct secret *password, struct unpacked *out, struct err *e) {
    PL_AUTO(offline_closep) struct offline *offline = NULL;
    PL_AUTO(buf_cleanse) struct buf call = {.max = CALL_MAX};
    struct ipc_message answer;
    return buf_reserve(&call, len + password->len + 64, e) &&
           unpack_wire_call(is_pfx, bytes, len, password, &call, e) &&
           start(IPC_UNPACK, "", &offline, e) &&
           ipc_send(offline->channel, IPC_UNPACK_CALL, call.data, call.len, -1, e) &&
           wait_for(offline->channel, IPC_UNPACK_REPLY, &answer, e) &&
           unpack_wire_result(answer.bytes, answer.len, out, e);
}

/* --- probe ---------------------------------------------------------------------------------------
 */

static bool read_document(struct ipc_message *answer, json_t **out_document, struct err *e) {
    int fd = ipc_take_fd(answer);
    void *bytes = NULL;
    size_t size = 0;
    bool ok = memory_file_map(fd, &bytes, &size, e);
    (void)close(fd);
    if (!ok) {
        return false;
    }
    ok = size <= TRACE_DOCUMENT_MAX ? json_parse(bytes, size, out_document, e)
                                    : err_set(e, ERR_BASE_LIMIT, "the trace is too large");
    memory_file_unmap(bytes, size);
    return ok;
}

bool offline_trace(const struct trace_wish *wish, json_t **out_document, struct err *e) {
    PL_AUTO(offline_closep) struct offline *offline = NULL;
    PL_AUTO(buf_cleanse) struct buf call = {.max = TRACE_WISH_MAX};
    struct pack_writer w = {.out = &call};
    struct ipc_message answer;
    trace_wish_pack(wish, &w);
    return pack_end(&w, e) && start(IPC_PROBE, "", &offline, e) &&
           ipc_send(offline->channel, IPC_TRACE, call.data, call.len, -1, e) &&
           wait_for(offline->channel, IPC_TRACED, &answer, e) &&
           read_document(&answer, out_document, e);
}

static bool send_scan(const struct offline *offline, const struct scan_wish *wish,
                      const struct buf *targets, const struct buf *done, struct err *e) {
    PL_AUTO(buf_clear) struct buf call = {.max = SCAN_WISH_MAX};
    struct pack_writer w = {.out = &call};
    const struct memory_part parts[] = {
        {targets->data, targets->len}, {"", 1}, {done->data, done->len}};
    int fd = -1;
    scan_wish_pack(wish, &w);
    if (!pack_end(&w, e) || !memory_file_write("targets", parts, done->len == 0 ? 2 : 3, &fd, e)) {
        return false;
    }
    bool ok = ipc_send(offline->channel, IPC_SCAN, call.data, call.len, fd, e);
    (void)close(fd);
    return ok;
}

static bool acknowledge(const struct offline *offline, size_t len, struct err *e) {
    PL_AUTO(buf_clear) struct buf call = {.max = 64};
    struct pack_writer w = {.out = &call};
    pack_u64(&w, len);
    return pack_end(&w, e) &&
           ipc_send(offline->channel, IPC_SCAN_TAKEN, call.data, call.len, -1, e);
}

bool offline_scan(const struct scan_wish *wish, const struct buf *targets, const struct buf *done,
                  const struct offline_scan_sink *sink, struct err *e) {
    PL_AUTO(offline_closep) struct offline *offline = NULL;
    struct ipc_message answer;
    if (!start(IPC_PROBE, "", &offline, e) || !send_scan(offline, wish, targets, done, e)) {
        return false;
    }
    for (;;) {
        if (!ipc_wait(offline->channel, SCAN_TIMEOUT_MS, &answer, e)) {
            return false;
        }
        if (answer.type == IPC_FAILED) {
            return read_failure(&answer, e);
        }
        if (answer.type != IPC_SCANNED) {
            return answer.type == IPC_SCAN_OVER ||
                   err_set(e, ERR_IPC_MALFORMED, "another process sent what nobody asked for");
        }
        size_t len = answer.len;
        if (!sink->take(sink->ctx, (const char *)answer.bytes, len, e) ||
            !acknowledge(offline, len, e)) {
            return false;
        }
    }
}

static bool look_up(const struct dns_wish *wish, struct dns_answer *out, struct err *e) {
    PL_AUTO(offline_closep) struct offline *offline = NULL;
    PL_AUTO(buf_clear) struct buf call = {.max = DNS_NOTE_ASK_MAX};
    PL_AUTO(dns_answer_clear) struct dns_answer found = {0};
    struct pack_writer w = {.out = &call};
    struct ipc_message answer;
    dns_note_pack(wish, &w);
    if (!pack_end(&w, e) || !start(IPC_PROBE, "", &offline, e) ||
        !ipc_send(offline->channel, IPC_LOOK_UP, call.data, call.len, -1, e) ||
        !wait_for(offline->channel, IPC_FOUND, &answer, e) ||
        !dns_note_read_answer(answer.bytes, answer.len, &found, e)) {
        return false;
    }
    *out = found;
    found = (struct dns_answer){0};
    return true;
}

static bool look(const struct look_wish *wish, struct tls_look *out, struct err *e) {
    PL_AUTO(offline_closep) struct offline *offline = NULL;
    PL_AUTO(buf_clear) struct buf call = {.max = LOOK_NOTE_MAX};
    PL_AUTO(tls_look_clear) struct tls_look seen = {0};
    struct pack_writer w = {.out = &call};
    struct ipc_message answer;
    look_note_pack(wish, &w);
    if (!pack_end(&w, e) || !start(IPC_PROBE, "", &offline, e) ||
        !ipc_send(offline->channel, IPC_LOOK, call.data, call.len, -1, e) ||
        !wait_long(offline->channel, wish->timeout_ms + ANSWER_GRACE_MS, IPC_LOOKED, &answer, e) ||
        !look_note_read_seen(answer.bytes, answer.len, &seen, e)) {
        return false;
    }
    *out = seen;
    seen = (struct tls_look){0};
    return true;
}

/* A memory file of one byte and then what was fetched. */
static bool take_fetched(struct ipc_message *answer, struct buf *out, struct err *e) {
    int fd = ipc_take_fd(answer);
    void *bytes = NULL;
    size_t size = 0;
    bool ok = memory_file_map(fd, &bytes, &size, e);
    (void)close(fd);
    if (ok) {
        ok = buf_append(out, (const uint8_t *)bytes + 1, size - 1, e);
        memory_file_unmap(bytes, size);
    }
    return ok;
}

static bool fetch(const struct fetch_wish *wish, struct buf *out, struct err *e) {
    PL_AUTO(offline_closep) struct offline *offline = NULL;
    PL_AUTO(buf_clear) struct buf call = {.max = FETCH_NOTE_MAX};
    struct pack_writer w = {.out = &call};
    struct ipc_message answer;
    fetch_note_pack(wish, out->max, &w);
    return pack_end(&w, e) && start(IPC_PROBE, "", &offline, e) &&
           ipc_send(offline->channel, IPC_FETCH, call.data, call.len, -1, e) &&
           wait_long(offline->channel, wish->timeout_ms + ANSWER_GRACE_MS, IPC_FETCHED, &answer,
                     e) &&
           take_fetched(&answer, out, e);
}

void offline_use(void) {
    const struct ops_processes processes = {.open_keys = open_keys,
                                            .unpack = unpack_file,
                                            .look_up = look_up,
                                            .look = look,
                                            .fetch = fetch};
    ops_use_processes(&processes);
}
