/*
 * Connections of a scan on the loop: one ask each. A connection that cannot be made is an answer,
 * too. Limits: the wish's time for each; what a talk is given is read in pieces of SCAN_READ_SIZE.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "role/probe_scan_parts.h"

#include <stdio.h>
#include <string.h>

struct scan_connection {
    struct scan_run *run;
    struct scan_connection *next;
    struct scan_connection **link; /* what points to it */
    struct scan_ask ask;
    struct talk *talk;
    uv_tcp_t tcp;
    uv_connect_t connect;
    int64_t start_us;
    int64_t deadline_ms;
    int64_t quiet_deadline_ms; /* 0: none */
    bool is_over;              /* its answer is taken */
};

static bool fill_random(void *ctx, uint8_t *out, size_t len) {
    (void)ctx;
    return random_bytes(out, len, NULL);
}

static const struct observe_random random_source = {.fill = fill_random};

/* --- addresses -----------------------------------------------------------------------------------
 */

static void tell_address(struct scan_run *run) {
    const struct sockaddr *address = (const struct sockaddr *)&run->addresses[run->address];
    if (address->sa_family == AF_INET6) {
        (void)uv_ip6_name((const struct sockaddr_in6 *)address, run->host->address,
                          sizeof(run->host->address));
    } else {
        (void)uv_ip4_name((const struct sockaddr_in *)address, run->host->address,
                          sizeof(run->host->address));
    }
}

static void on_looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses) {
    struct scan_run *run = request->data;
    run->is_looked_up = false;
    for (const struct addrinfo *at = addresses;
         status == 0 && at != NULL && run->address_count < SCAN_ADDRESSES_MAX; at = at->ai_next) {
        if (at->ai_addrlen <= sizeof(run->addresses[0])) {
            memcpy(&run->addresses[run->address_count++], at->ai_addr, at->ai_addrlen);
        }
    }
    uv_freeaddrinfo(addresses);
    if (run->address_count == 0) {
        scan_host_set_state(run->host, SCAN_UNREACHABLE);
    } else {
        tell_address(run);
    }
    scan_run_closed(run);
}

bool scan_look_up(struct scan_run *run) {
    const struct scan_target *target = &run->host->target;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    char service[8];
    struct sockaddr_storage *first = &run->addresses[0];
    if (uv_ip4_addr(target->host, target->port, (struct sockaddr_in *)first) == 0 ||
        uv_ip6_addr(target->host, target->port, (struct sockaddr_in6 *)first) == 0) {
        run->address_count = 1;
        tell_address(run);
        return true;
    }
    (void)snprintf(service, sizeof(service), "%u", target->port);
    run->look_up.data = run;
    /* All of .localhost is this machine (RFC 6761 §6.3), which not every resolver knows. */
    const char *name = str_ends_with(target->host, ".localhost") ? "localhost" : target->host;
    run->is_looked_up = uv_getaddrinfo(&run->scan->worker->loop, &run->look_up, on_looked_up, name,
                                       service, &hints) == 0;
    return run->is_looked_up;
}

/* --- CAA records ---------------------------------------------------------------------------------
 */

/* Records of one name. False: nobody knows, or memory is short. */
static bool ask_caa(struct scan_run *run, const char *name, bool *is_proven) {
    const struct scan_wish *wish = &run->scan->wish;
    PL_AUTO(dns_answer_clear) struct dns_answer answer = {0};
    const struct dns_wish ask = {.name = name,
                                 .type = DNS_TYPE_CAA,
                                 .server = wish->dns_server,
                                 .anchor = buf_string(&wish->dns_anchor),
                                 .timeout_ms = wish->timeout_ms};
    const uint8_t *record = NULL;
    size_t len = 0;
    size_t at = 0;
    struct err e = {0};
    if (!dns_look_up(&ask, &answer, &e) || answer.is_forged) {
        return false;
    }
    *is_proven = *is_proven && answer.is_proven;
    while (dns_answer_next(&answer, &at, &record, &len)) {
        if (!scan_caa_add(&run->host->caa, record, len, &e)) {
            return false;
        }
    }
    return true;
}

/* In a thread. From the name upwards, until one has records. */
static void climb(uv_work_t *work) {
    struct scan_run *run = work->data;
    struct scan_host *h = run->host;
    const char *name = h->names[0];
    bool is_proven = true;
    for (int step = 0; step < SCAN_CAA_STEPS_MAX; step++) {
        if (!ask_caa(run, name, &is_proven)) {
            return;
        }
        const char *parent = scan_caa_parent(name);
        if (h->caa.count > 0 || parent == NULL) {
            break;
        }
        name = parent;
    }
    h->has_caa = h->caa.count > 0 ? FACT_YES : FACT_NO;
    h->caa_is_proven = is_proven;
    (void)str_copy(h->caa_at, sizeof(h->caa_at), h->caa.count > 0 ? name : h->names[0]);
}

static void on_climbed(uv_work_t *work, int status) {
    struct scan_run *run = work->data;
    (void)status;
    run->is_asking_dns = false;
    scan_run_closed(run);
}

void scan_ask_dns(struct scan_run *run) {
    run->dns.data = run;
    run->is_asking_dns = uv_queue_work(&run->scan->worker->loop, &run->dns, climb, on_climbed) == 0;
}

/* --- one connection ------------------------------------------------------------------------------
 */

static void unlink_connection(struct scan_connection *c) {
    *c->link = c->next;
    if (c->next != NULL) {
        c->next->link = c->link;
    }
}

static void on_closed(uv_handle_t *handle) {
    struct scan_connection *c = handle->data;
    struct scan_run *run = c->run;
    run->connection_count--;
    run->scan->connection_count--;
    talk_free(c->talk);
    secret_cleanse(&c->ask, sizeof(c->ask));
    mem_free(c);
    scan_run_closed(run);
}

/* Takes the answer, and closes. */
static void conclude(struct scan_connection *c) {
    struct scan_run *run = c->run;
    if (c->is_over) {
        return;
    }
    c->is_over = true;
    if (!run->scan->is_ending) {
        /* Without memory the question stays open, and the plan goes on. */
        (void)!plan_take(run->host, &c->ask, talk_answer(c->talk), talk_session(c->talk), NULL);
    }
    unlink_connection(c);
    uv_close((uv_handle_t *)&c->tcp, on_closed);
}

static void flush(struct scan_connection *c) {
    struct buf *out = talk_output(c->talk);
    while (out->len > 0) {
        uv_buf_t part = uv_buf_init((char *)out->data, (unsigned)out->len);
        int sent = uv_try_write((uv_stream_t *)&c->tcp, &part, 1);
        if (sent <= 0) {
            return; /* the rest with the next tick; who has gone is told by the read */
        }
        buf_consume(out, (size_t)sent);
    }
}

static void on_status(struct scan_connection *c, enum talk_status status) {
    int64_t patience_ms = talk_patience_ms(c->talk);
    flush(c);
    if (status == TALK_OVER) {
        conclude(c);
        return;
    }
    c->quiet_deadline_ms = patience_ms == 0 ? 0 : clock_monotonic_ms() + patience_ms;
}

static void give_bytes(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
    const struct scan_connection *c = handle->data;
    (void)suggested;
    *out = uv_buf_init((char *)c->run->scan->bytes, SCAN_READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *bytes) {
    struct scan_connection *c = stream->data;
    int64_t now_us = clock_monotonic_us() - c->start_us;
    if (len == 0 || c->is_over) {
        return;
    }
    if (len < 0) {
        (void)!talk_end(c->talk, false, now_us);
        conclude(c);
        return;
    }
    on_status(c, talk_receive(c->talk, (const uint8_t *)bytes->base, (size_t)len, now_us));
}

/* The first connection of a name with several addresses tries the next one. */
static bool try_next_address(struct scan_connection *c) {
    struct scan_run *run = c->run;
    if (run->host->connections > 1 || run->address + 1 >= run->address_count) {
        return false;
    }
    run->address++;
    tell_address(run);
    return true;
}

static void on_connected(uv_connect_t *request, int status) {
    struct scan_connection *c = request->data;
    if (c->is_over) {
        return;
    }
    if (status != 0 && try_next_address(c)) {
        c->is_over = true;
        unlink_connection(c);
        scan_connect(c->run, &c->ask);
        uv_close((uv_handle_t *)&c->tcp, on_closed);
        return;
    }
    if (status != 0 || uv_read_start((uv_stream_t *)&c->tcp, give_bytes, on_read) != 0) {
        talk_answer(c->talk)->end = ANSWER_REFUSED;
        conclude(c);
        return;
    }
    (void)uv_tcp_nodelay(&c->tcp, 1);
    c->start_us = clock_monotonic_us();
    on_status(c, talk_start(c->talk, 0));
}

static void connect_tcp(struct scan_connection *c) {
    const struct sockaddr *address = (const struct sockaddr *)&c->run->addresses[c->run->address];
    if (uv_tcp_connect(&c->connect, &c->tcp, address, on_connected) != 0) {
        talk_answer(c->talk)->end = ANSWER_REFUSED;
        conclude(c);
    }
}

void scan_connect(struct scan_run *run, const struct scan_ask *ask) {
    void *memory = NULL;
    struct probe_scan *scan = run->scan;
    static const struct scan_answer lost = {.end = ANSWER_REFUSED};
    if (!mem_alloc(sizeof(struct scan_connection), &memory, NULL)) {
        (void)!plan_take(run->host, ask, &lost, NULL, NULL);
        return;
    }
    struct scan_connection *c = memory;
    c->run = run;
    c->ask = *ask;
    if (!talk_new(&c->ask, &random_source, &c->talk, NULL)) {
        mem_free(c);
        (void)!plan_take(run->host, ask, &lost, NULL, NULL);
        return;
    }
    c->deadline_ms = clock_monotonic_ms() + scan->wish.timeout_ms;
    c->next = scan->connections;
    c->link = &scan->connections;
    if (c->next != NULL) {
        c->next->link = &c->next;
    }
    scan->connections = c;
    scan->connection_count++;
    run->connection_count++;
    c->tcp.data = c->connect.data = c;
    (void)uv_tcp_init(&scan->worker->loop, &c->tcp); /* makes no socket yet */
    connect_tcp(c);
}

/* Nothing has come for as long as was to be waited, or the connection's time is up. */
static void on_late(struct scan_connection *c, bool is_time_up) {
    if (c->start_us == 0) {
        talk_answer(c->talk)->end = ANSWER_REFUSED;
        conclude(c);
        return;
    }
    enum talk_status status = talk_end(c->talk, true, clock_monotonic_us() - c->start_us);
    on_status(c, is_time_up ? TALK_OVER : status);
}

void scan_check_deadlines(struct probe_scan *scan) {
    int64_t now_ms = clock_monotonic_ms();
    struct scan_connection *next = NULL;
    for (struct scan_connection *c = scan->connections; c != NULL; c = next) {
        next = c->next;
        bool is_time_up = now_ms >= c->deadline_ms;
        if (is_time_up || (c->quiet_deadline_ms != 0 && now_ms >= c->quiet_deadline_ms)) {
            on_late(c, is_time_up);
        } else if (c->start_us != 0) {
            flush(c);
        }
    }
}

void scan_close_connections(struct probe_scan *scan) {
    while (scan->connections != NULL) {
        conclude(scan->connections);
    }
}
