/* The services' side of control. */
#include "role/control_services.h"

#include "base/log.h"
#include "base/mem.h"
#include "service/service.h"

/* One that ends is replaced while another may still be on its way out. */
enum { CALLERS_MAX = 8 };

struct control_services {
    struct worker *worker;
    struct ops *ops;
    struct peer *callers[CALLERS_MAX]; /* NULL: free */
};

/* An error becomes a page; what even then cannot be answered ends the connection there. */
static void respond(const struct control_services *services, const struct service_request *request,
                    struct http_response *out) {
    struct err e = {0};
    if (service_respond(services->ops, request, out, &e)) {
        return;
    }
    log_error(&e, "not-answered");
    if (!service_respond_error(request, &e, out, NULL)) {
        http_response_clear(out);
        out->status = 500;
        out->must_close = true;
    }
}

static bool on_request(void *ctx, struct peer *peer, struct ipc_message *message) {
    const struct control_services *services = ctx;
    PL_AUTO(buf_clear) struct buf answer = {.max = SERVICE_ANSWER_MAX};
    struct pack_writer w = {.out = &answer};
    struct service_request request;
    struct http_response response;
    uint32_t number = 0;
    if (!service_request_read(message->bytes, message->len, &number, &request)) {
        return false;
    }
    http_response_init(&response, 200);
    respond(services, &request, &response);
    if (service_answer_pack(number, &response, &w, NULL)) {
        peer_send(peer, IPC_ANSWER, answer.data, answer.len, -1);
    }
    http_response_clear(&response);
    return true;
}

static void on_gone(void *ctx, struct peer *peer) {
    struct control_services *services = ctx;
    const char *why = peer_broken_because(peer);
    if (why != NULL) {
        log_event(LOG_WARNING, "peer-refused", "peer", ipc_role_name(peer_role(peer)), "why", why,
                  NULL);
    }
    for (size_t i = 0; i < CALLERS_MAX; i++) {
        if (services->callers[i] == peer) {
            services->callers[i] = NULL;
        }
    }
    peer_free(peer);
}

bool control_services_connect(struct control_services *services, struct ipc_message *message) {
    const struct peer_callbacks callbacks = {
        .ctx = services, .message = on_request, .gone = on_gone};
    struct err e = {0};
    size_t slot = 0;
    while (slot < CALLERS_MAX && services->callers[slot] != NULL) {
        slot++;
    }
    if (slot == CALLERS_MAX) {
        return false;
    }
    if (!worker_connect(services->worker, message, IPC_NET_SERVICES, &callbacks,
                        &services->callers[slot], &e)) {
        log_error(&e, "peer-not-connected"); /* not the supervisor's fault */
    }
    return true;
}

bool control_services_new(struct worker *worker, struct control_services **out_services,
                          struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct control_services), &memory, e)) {
        return false;
    }
    *out_services = memory;
    (*out_services)->worker = worker;
    return true;
}

void control_services_free(struct control_services *services) {
    if (services == NULL) {
        return;
    }
    for (size_t i = 0; i < CALLERS_MAX; i++) {
        peer_free(services->callers[i]);
    }
    mem_free(services);
}

void control_services_set_ops(struct control_services *services, struct ops *ops) {
    services->ops = ops;
}
