/*
 * Looks and fetches in the process "probe". Limits: the wish's time (but for looking up the name,
 * which the system's resolver ends), TLS_LOOK_…_MAX, the wish's size.
 */
#include "role/probe_look.h"

#include "base/clock.h"
#include "base/mem.h"
#include "role/look_note.h"
#include "role/probe_plain.h"
#include "sys/memory_file.h"

#include <time.h>
#include <unistd.h>

enum { START_WAIT_MS = 1000, START_PAUSE_MS = 100 };

/* --- one look, in a thread -----------------------------------------------------------------------
 */

struct looking {
    uv_work_t work;
    struct worker *worker;
    struct buf message; /* what the wish's texts stand in */
    struct look_wish wish;
    struct tls_look look;
    bool is_there;
    struct err error;
};

static void looking_free(struct looking *looking) {
    buf_clear(&looking->message);
    tls_look_clear(&looking->look);
    mem_free(looking);
}

/* What comes before the client has begun TLS was put there by somebody who could read it all. */
static bool begin_tls(void *ctx, int fd, int64_t deadline_ms, struct err *e) {
    const struct look_wish *wish = ctx;
    PL_AUTO(starttls_clear) struct starttls s = {0};
    char sentence[PROBE_REFUSAL_SIZE];
    bool is_ready = false;
    const struct probe_plain plain = {
        .fd = fd, .deadline_ms = deadline_ms, .protocol = wish->starttls, .host = wish->sni};
    if (!probe_ask_for_tls(&plain, &s, &is_ready, e)) {
        return false;
    }
    if (is_ready && s.in.len > 0) {
        return err_set(e, ERR_INSPECT_STARTTLS,
                       "the server sends more after it has agreed to TLS in %s, before TLS begins",
                       wish->starttls);
    }
    if (is_ready) {
        return true;
    }
    probe_tell_refusal(&s, sentence);
    (void)err_set(e, ERR_INSPECT_STARTTLS, "%s", sentence);
    return err_hint(e, "whoever sits on the way could have taken the offer out: a client that must "
                       "have TLS stops here");
}

/* A server that was started just now, as in "padlock serve & padlock verify", gets a second. */
static void look_in_thread(uv_work_t *request) {
    static const struct timespec pause = {.tv_nsec = START_PAUSE_MS * 1000000L};
    struct looking *looking = request->data;
    struct look_wish *wish = &looking->wish;
    const struct tls_look_wish ask = {.connect_host = wish->host,
                                      .port = wish->port,
                                      .sni = wish->sni,
                                      .timeout_ms = wish->timeout_ms,
                                      .begin = wish->starttls[0] == '\0' ? NULL : begin_tls,
                                      .ctx = wish};
    /* By the clock: that there is no way to a host may take seconds to find out. */
    int64_t until_ms = clock_monotonic_ms() + START_WAIT_MS;
    while (!looking->is_there) {
        err_init(&looking->error);
        looking->is_there = tls_look_at(&ask, &looking->look, &looking->error);
        if (looking->error.code != ERR_TLS_LOOK_CONNECT || clock_monotonic_ms() >= until_ms) {
            return;
        }
        (void)nanosleep(&pause, NULL);
    }
}

static void answer_look(uv_work_t *request, int status) {
    struct looking *looking = request->data;
    PL_AUTO(buf_clear) struct buf message = {.max = LOOK_NOTE_SEEN_MAX};
    struct pack_writer w = {.out = &message};
    bool is_there = status == 0 && looking->is_there;
    if (is_there) {
        look_note_pack_seen(&looking->look, &w);
    }
    if (is_there && pack_end(&w, &looking->error)) {
        worker_send(looking->worker, IPC_LOOKED, message.data, message.len, -1);
    } else {
        worker_send_error(looking->worker, &looking->error);
    }
    looking_free(looking);
}

bool probe_look(struct worker *worker, const struct ipc_message *message) {
    void *memory = NULL;
    struct err e = {0};
    if (!mem_alloc(sizeof(struct looking), &memory, &e)) {
        worker_send_error(worker, &e);
        return true;
    }
    struct looking *looking = memory;
    looking->worker = worker;
    looking->work.data = looking;
    buf_init(&looking->message, LOOK_NOTE_MAX);
    if (!buf_append(&looking->message, message->bytes, message->len, NULL) ||
        !look_note_read(looking->message.data, looking->message.len, &looking->wish) ||
        uv_queue_work(&worker->loop, &looking->work, look_in_thread, answer_look) != 0) {
        looking_free(looking);
        return false;
    }
    return true;
}

/* --- one fetch, in a thread ----------------------------------------------------------------------
 */

struct fetching {
    uv_work_t work;
    struct worker *worker;
    struct buf message; /* what the wish's texts and content stand in */
    struct fetch_wish wish;
    struct buf body;
    bool is_there;
    struct err error;
};

static void fetching_free(struct fetching *fetching) {
    buf_clear(&fetching->message);
    buf_clear(&fetching->body);
    mem_free(fetching);
}

static void fetch_in_thread(uv_work_t *request) {
    struct fetching *fetching = request->data;
    fetching->is_there = fetch_http(&fetching->wish, &fetching->body, &fetching->error);
}

static void answer_fetch(uv_work_t *request, int status) {
    struct fetching *fetching = request->data;
    const struct memory_part parts[] = {{"", 1}, {fetching->body.data, fetching->body.len}};
    int fd = -1;
    if (status == 0 && fetching->is_there &&
        memory_file_write("fetched", parts, PL_ARRAY_LEN(parts), &fd, &fetching->error)) {
        worker_send(fetching->worker, IPC_FETCHED, NULL, 0, fd);
        (void)close(fd);
    } else {
        worker_send_error(fetching->worker, &fetching->error);
    }
    fetching_free(fetching);
}

bool probe_fetch(struct worker *worker, const struct ipc_message *message) {
    void *memory = NULL;
    size_t body_max = 0;
    struct err e = {0};
    if (!mem_alloc(sizeof(struct fetching), &memory, &e)) {
        worker_send_error(worker, &e);
        return true;
    }
    struct fetching *fetching = memory;
    fetching->worker = worker;
    fetching->work.data = fetching;
    buf_init(&fetching->message, FETCH_NOTE_MAX);
    if (!buf_append(&fetching->message, message->bytes, message->len, NULL) ||
        !fetch_note_read(fetching->message.data, fetching->message.len, &fetching->wish,
                         &body_max)) {
        fetching_free(fetching);
        return false;
    }
    buf_init(&fetching->body, body_max);
    if (uv_queue_work(&worker->loop, &fetching->work, fetch_in_thread, answer_fetch) != 0) {
        fetching_free(fetching);
        return false;
    }
    return true;
}
