/* DNS in the process "probe". Limits: the wish's time, DNS_…_MAX. */
#include "role/probe_dns.h"

#include "base/mem.h"
#include "role/dns_note.h"

#include <string.h>

struct looking {
    uv_work_t work;
    struct worker *worker;
    struct buf message; /* what the wish's texts stand in */
    struct dns_wish wish;
    struct dns_answer answer;
    bool is_there;
    struct err error;
};

static void looking_free(struct looking *looking) {
    buf_clear(&looking->message);
    dns_answer_clear(&looking->answer);
    mem_free(looking);
}

static void look_in_thread(uv_work_t *request) {
    struct looking *looking = request->data;
    looking->is_there = dns_look_up(&looking->wish, &looking->answer, &looking->error);
}

static void answer(uv_work_t *request, int status) {
    struct looking *looking = request->data;
    PL_AUTO(buf_clear) struct buf message = {.max = DNS_NOTE_ANSWER_MAX};
    struct pack_writer w = {.out = &message};
    if (status == 0 && looking->is_there) {
        dns_note_pack_answer(&looking->answer, &w);
    }
    if (status == 0 && looking->is_there && pack_end(&w, &looking->error)) {
        worker_send(looking->worker, IPC_FOUND, message.data, message.len, -1);
    } else {
        worker_send_error(looking->worker, &looking->error);
    }
    looking_free(looking);
}

bool probe_look_up(struct worker *worker, const struct ipc_message *message) {
    void *memory = NULL;
    struct err e = {0};
    if (!mem_alloc(sizeof(struct looking), &memory, &e)) {
        worker_send_error(worker, &e);
        return true;
    }
    struct looking *looking = memory;
    looking->worker = worker;
    looking->work.data = looking;
    buf_init(&looking->message, DNS_NOTE_ASK_MAX);
    if (!buf_append(&looking->message, message->bytes, message->len, NULL) ||
        !dns_note_read(looking->message.data, looking->message.len, &looking->wish)) {
        looking_free(looking);
        return false;
    }
    if (uv_queue_work(&worker->loop, &looking->work, look_in_thread, answer) != 0) {
        looking_free(looking);
    }
    return true;
}
