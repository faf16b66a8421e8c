/*
 * The process "unpack": opens one file that foreigners packed, and ends. It has no files, no
 * network, no store and no key but the one in the file. Limits: MEMORY_MAX bytes, TIME_MAX_S
 * seconds of the processor, and those of keys/unpack.h.
 */
#include "base/mem.h"
#include "keys/unpack_wire.h"
#include "role/workers.h"

#include <sys/resource.h>

enum { MEMORY_MAX = 1024 * 1024 * 1024, TIME_MAX_S = 60, ANSWER_MAX = 4 * 1024 * 1024 };

static bool on_call(struct worker *worker, const struct ipc_message *message) {
    PL_AUTO(buf_cleanse) struct buf answer = {.max = ANSWER_MAX};
    if (!buf_reserve(&answer, ANSWER_MAX, NULL) ||
        !unpack_wire_serve(message->bytes, message->len, &answer, NULL)) {
        return false;
    }
    worker_send(worker, IPC_UNPACK_REPLY, answer.data, answer.len, -1);
    return true;
}

static bool on_message(struct worker *worker, struct ipc_message *message) {
    return message->type == IPC_UNPACK_CALL && worker->parent != NULL && on_call(worker, message);
}

static bool begin(struct worker *worker, struct err *e) {
    (void)worker;
    (void)e;
    unpack_preload();
    return true;
}

static void keep(struct worker *worker, struct sandbox_wish *wish) {
    const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX};
    const struct rlimit time = {TIME_MAX_S, TIME_MAX_S};
    (void)worker;
    (void)wish; /* nothing at all */
#if !defined(__SANITIZE_ADDRESS__)
    (void)setrlimit(RLIMIT_AS, &memory);
#else
    (void)memory; /* the sanitizer's shadow is larger */
#endif
    (void)setrlimit(RLIMIT_CPU, &time);
}

static void end(struct worker *worker) {
    (void)worker;
}

const struct worker_kind unpack_kind = {
    .role = IPC_UNPACK,
    .begin = begin,
    .message = on_message,
    .keep = keep,
    .end = end,
};
