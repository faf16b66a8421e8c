/* Traces in the process "probe". Limits: the wish's time for each connection, TRACE_DOCUMENT_MAX.
 */
#include "role/probe_trace.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/secret.h"
#include "codec/ip.h"
#include "inspect/observe/tds.h"
#include "inspect/trace/document.h"
#include "pki/openssl.h"
#include "pki/trust.h"
#include "role/probe_plain.h"
#include "sys/memory_file.h"
#include "sys/tcp_connect.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <string.h>
#include <unistd.h>

/* After the handshake, as long is waited for a server that has more to say, or for its answer. */
enum {
    QUIET_MS = 400,
    ANSWER_MS = 3000,
    HANDSHAKES_MAX = 2,
    CHAIN_MAX = 10,
    PACKED_MAX = 4 * 1024 * 1024
};

struct times {
    int64_t start_us; /* of the trace */
    int64_t deadline_ms;
};

struct tracing {
    const struct trace_wish *wish;
    struct observe_wish observe;
    struct observe_session session;
    struct trace *traces[HANDSHAKES_MAX];
    size_t count;
    struct tcp_connection connection;
    struct tds_reader packets;
    bool packs; /* what we say goes in packets */
    X509 *certs[CHAIN_MAX];
    size_t cert_count;
    EVP_PKEY *key;
};

static void tracing_clear(struct tracing *t) {
    for (size_t i = 0; i < t->count; i++) {
        trace_free(t->traces[i]);
    }
    for (size_t i = 0; i < t->cert_count; i++) {
        X509_free(t->certs[i]);
    }
    EVP_PKEY_free(t->key);
    tds_reader_clear(&t->packets);
    if (t->connection.fd >= 0) {
        (void)close(t->connection.fd);
    }
    secret_cleanse(&t->session, sizeof(t->session));
}

static bool fill_random(void *ctx, uint8_t *out, size_t len) {
    (void)ctx;
    return random_bytes(out, len, NULL);
}

/* --- the wish, for the observer ------------------------------------------------------------------
 */

static struct wire_list list_of(const struct trace_numbers *numbers) {
    return (struct wire_list){.items = numbers->items, .count = numbers->count};
}

static bool client_failed(struct err *e, const char *what) {
    return err_set_openssl(e, ERR_INSPECT_CLIENT_CERTIFICATE, "%s", what);
}

static bool read_client(struct tracing *t, struct err *e) {
    const struct trace_wish *wish = t->wish;
    if (wish->certificate.len == 0) {
        return true;
    }
    PL_AUTO(bio_freep)
    BIO *certs = BIO_new_mem_buf(wish->certificate.data, (int)wish->certificate.len);
    PL_AUTO(bio_freep) BIO *key = BIO_new_mem_buf(wish->key.data, (int)wish->key.len);
    X509 *cert = NULL;
    while (certs != NULL && t->cert_count < CHAIN_MAX &&
           (cert = PEM_read_bio_X509(certs, NULL, NULL, NULL)) != NULL) {
        t->certs[t->cert_count++] = cert;
    }
    ERR_clear_error();
    /* An empty password: one that is encrypted is refused without a question. */
    char no_password[] = "";
    t->key = key == NULL ? NULL : PEM_read_bio_PrivateKey(key, NULL, NULL, no_password);
    if (t->cert_count == 0) {
        return client_failed(e, "there is no certificate in what --cert names");
    }
    if (t->key == NULL) {
        return client_failed(e, "there is no unencrypted private key in what --key names");
    }
    if (X509_check_private_key(t->certs[0], t->key) != 1) {
        return client_failed(e, "the private key does not belong to the client's certificate");
    }
    t->observe.certs = t->certs;
    t->observe.cert_count = t->cert_count;
    t->observe.key = t->key;
    return true;
}

static bool prepare(struct tracing *t, struct err *e) {
    const struct trace_wish *wish = t->wish;
    struct ip ip;
    bool is_http = strstr(wish->protocols, "http/1.1") != NULL && wish->starttls[0] == '\0' &&
                   !wish->has_no_request;
    t->observe = (struct observe_wish){
        .server_name = wish->host[0] == '\0' || ip_parse(wish->host, &ip) ? NULL : wish->host,
        .protocols =
            wish->protocols[0] == '\0' || wish->starttls[0] != '\0' ? NULL : wish->protocols,
        .http_host = is_http ? wish->host : NULL,
        .version_min = wish->version_min,
        .version_max = wish->version_max,
        .suites = list_of(&wish->suites),
        .groups = list_of(&wish->groups),
        .shares = list_of(&wish->shares),
        .wants_compression = wish->wants_compression,
        .wants_key_update = wish->wants_key_update,
        .random = {.fill = fill_random}};
    return read_client(t, e);
}

/* --- one connection ------------------------------------------------------------------------------
 */

static bool open_connection(struct tracing *t, int64_t deadline_ms, struct err *e) {
    const struct trace_wish *wish = t->wish;
    if (t->connection.fd >= 0) {
        (void)close(t->connection.fd);
    }
    switch (tcp_connect(wish->connect_host, wish->port, deadline_ms, &t->connection)) {
    case TCP_CONNECTED:
        return true;
    case TCP_NO_ADDRESS:
        return err_set(e, ERR_TLS_LOOK_RESOLVE, "the name %.200s has no address",
                       wish->connect_host);
    case TCP_REFUSED:
        return err_set_errno(e, ERR_TLS_LOOK_CONNECT, t->connection.errno_value,
                             "cannot connect to %.200s port %u", wish->connect_host, wish->port);
    case TCP_TIMED_OUT:
        return err_set(e, ERR_TLS_LOOK_TIMEOUT, "no answer from %.200s port %u within %lld s",
                       wish->connect_host, wish->port, (long long)(wish->timeout_ms / 1000));
    }
    return false;
}

static int64_t patience(const struct observer *o, int64_t deadline_ms, bool is_http) {
    int64_t quiet_ms = clock_monotonic_ms() + (is_http ? ANSWER_MS : QUIET_MS);
    return observer_is_connected(o) && quiet_ms < deadline_ms ? quiet_ms : deadline_ms;
}

/* The observer and the server, until one of them has done. */
static bool is_packed(const struct tracing *t) {
    const struct starttls_protocol *protocol = starttls_find(t->wish->starttls);
    return protocol != NULL && protocol->is_packed;
}

/* What the observer says, in packets until the handshake is over. Who has gone may have said why
 * before: that is read next. */
static void say(struct tracing *t, struct observer *o, int64_t deadline_ms) {
    struct buf *said = observer_output(o);
    if (!t->packs) {
        (void)probe_send_all(t->connection.fd, said, deadline_ms);
        return;
    }
    PL_AUTO(buf_clear) struct buf packed = {.max = PACKED_MAX};
    if (tds_wrap(said, &packed, NULL)) {
        (void)probe_send_all(t->connection.fd, &packed, deadline_ms);
    }
    t->packs = !observer_is_connected(o);
}

/* Bytes from the server, out of packets where it packs them. What is none is told as it came. */
static enum observe_status hear(struct tracing *t, struct observer *o, const uint8_t *bytes,
                                size_t len, int64_t now_us) {
    PL_AUTO(buf_clear) struct buf unpacked = {.max = PACKED_MAX};
    if (!is_packed(t) || !tds_unwrap(&t->packets, bytes, len, &unpacked, NULL)) {
        return observer_receive(o, bytes, len, now_us);
    }
    return observer_receive(o, unpacked.data, unpacked.len, now_us);
}

static void converse(struct tracing *t, struct observer *o, const struct buf *early,
                     const struct times *times) {
    const int64_t start_us = times->start_us;
    const int64_t deadline_ms = times->deadline_ms;
    uint8_t bytes[PROBE_READ_SIZE];
    size_t len = 0;
    int fd = t->connection.fd;
    bool is_http = t->observe.http_host != NULL;
    enum observe_status status = observer_start(o, clock_monotonic_us() - start_us);
    if (early->len > 0) {
        status = hear(t, o, early->data, early->len, clock_monotonic_us() - start_us);
    }
    while (status == OBSERVE_GOES_ON) {
        say(t, o, deadline_ms);
        enum probe_received received =
            probe_receive(fd, bytes, &len, patience(o, deadline_ms, is_http));
        int64_t now_us = clock_monotonic_us() - start_us;
        status = received == PROBE_BYTES ? hear(t, o, bytes, len, now_us)
                                         : observer_end(o, received == PROBE_NOTHING, now_us);
    }
    say(t, o, deadline_ms);
}

static void tell_refusal(struct trace *trace, const struct starttls *s) {
    char sentence[PROBE_REFUSAL_SIZE];
    probe_tell_refusal(s, sentence);
    const struct trace_failure failure = {
        .code = err_code_text(ERR_INSPECT_STARTTLS),
        .sentence = sentence,
        .field = "",
        .meaning = "whoever sits on the way could have taken the offer out: a client that must "
                   "have TLS stops here",
        .from = TRACE_SERVER};
    trace_set_failure(trace, &failure);
}

struct recording {
    struct trace *trace;
    int64_t start_us;
};

static bool record_plain(void *ctx, bool is_server, const uint8_t *bytes, size_t len,
                         struct err *e) {
    const struct recording *recording = ctx;
    return trace_add_plain(recording->trace, is_server ? TRACE_SERVER : TRACE_CLIENT,
                           clock_monotonic_us() - recording->start_us,
                           (struct wire_span){bytes, len}, e);
}

/* Where TLS is asked for in plain text first; what follows the last answer stays in s->in, and is
 * TLS. False: the trace says why, or *e. */
static bool ask_for_tls(struct tracing *t, struct trace *trace, struct starttls *s,
                        const struct times *times, struct err *e) {
    struct recording recording = {.trace = trace, .start_us = times->start_us};
    const struct probe_plain plain = {.fd = t->connection.fd,
                                      .deadline_ms = times->deadline_ms,
                                      .protocol = t->wish->starttls,
                                      .host = t->wish->host,
                                      .said = record_plain,
                                      .ctx = &recording};
    bool is_ready = t->wish->starttls[0] == '\0';
    if (is_ready || !probe_ask_for_tls(&plain, s, &is_ready, e)) {
        return is_ready;
    }
    if (!is_ready) {
        tell_refusal(trace, s);
    }
    return is_ready;
}

static bool run_once(struct tracing *t, const char *title, struct err *e) {
    int64_t deadline_ms = clock_monotonic_ms() + t->wish->timeout_ms;
    PL_AUTO(observer_freep) struct observer *o = NULL;
    PL_AUTO(starttls_clear) struct starttls plain = {0};
    if (!open_connection(t, deadline_ms, e) || !trace_new(title, &t->traces[t->count], e)) {
        return false;
    }
    struct trace *trace = t->traces[t->count++];
    if (!observer_new(&t->observe, trace, &o, e)) {
        return false;
    }
    const struct times times = {.start_us = clock_monotonic_us(), .deadline_ms = deadline_ms};
    if (!ask_for_tls(t, trace, &plain, &times, e)) {
        return trace->failure.is_failed;
    }
    tds_reader_clear(&t->packets);
    t->packets = (struct tds_reader){0};
    t->packs = is_packed(t);
    converse(t, o, &plain.in, &times);
    t->session = *observer_session(o);
    return true;
}

/* --- the document --------------------------------------------------------------------------------
 */

bool probe_gather_anchors(const struct buf *pem, bool has_system, struct cert_list *out,
                          struct err *e) {
    struct err nothing = {0};
    if (pem->len > 0) {
        PL_AUTO(bio_freep) BIO *in = BIO_new_mem_buf(pem->data, (int)pem->len);
        X509 *x509 = NULL;
        while (in != NULL && (x509 = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
            PL_AUTO(x509_freep) X509 *owned = x509;
            PL_AUTO(cert_freep) struct cert *cert = NULL;
            if (!cert_from_x509(owned, &cert, e) || !cert_list_add(out, cert, e)) {
                return false;
            }
        }
        ERR_clear_error();
    }
    /* A system without trusted roots trusts nobody: no failure. */
    return !has_system || trust_load_system(out, NULL, &nothing) || nothing.code != ERR_BASE_OOM ||
           err_set(e, ERR_BASE_OOM, "out of memory");
}

static bool write_document(const json_t *document, int *out_fd, struct err *e) {
    PL_AUTO(buf_cleanse) struct buf text = {.max = TRACE_DOCUMENT_MAX};
    void *bytes = NULL;
    if (!json_write(document, false, &text, e) ||
        !memory_file_new("trace", text.len, out_fd, &bytes, e)) {
        return false;
    }
    memcpy(bytes, text.data, text.len);
    memory_file_unmap(bytes, text.len);
    return true;
}

static bool tell(const struct tracing *t, json_t **out_document, struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list anchors = {0};
    const struct trace_wish *wish = t->wish;
    const struct trace_target target = {.target = wish->target,
                                        .host = wish->host,
                                        .address = t->connection.address,
                                        .client_address = t->connection.own_address,
                                        .port = wish->port,
                                        .client_port = t->connection.own_port,
                                        .starttls = wish->starttls,
                                        .lab = "",
                                        .at_ms = wish->at_ms};
    return probe_gather_anchors(&wish->trust, wish->has_system_trust, &anchors, e) &&
           trace_document(&target, t->traces, t->count, &anchors, out_document, e);
}

static bool trace_server(const struct trace_wish *wish, json_t **out_document, struct err *e) {
    PL_AUTO(tracing_clear) struct tracing t = {.wish = wish, .connection = {.fd = -1}};
    if (!prepare(&t, e) || !run_once(&t, "the handshake", e)) {
        return false;
    }
    if (wish->is_resumed && t.session.version != 0) {
        const struct observe_session session = t.session;
        t.observe.resume = &session;
        t.observe.wants_early_data = wish->is_early;
        if (!run_once(&t, "the session resumed", e)) {
            return false;
        }
    }
    return tell(&t, out_document, e);
}

bool probe_trace(const struct trace_wish *wish, int *out_fd, struct err *e) {
    PL_AUTO(json_freep) json_t *document = NULL;
    const struct observe_random random = {.fill = fill_random};
    bool ok = wish->is_lab ? lab_run(wish->lab, &random, wish->at_ms, &document, e)
                           : trace_server(wish, &document, e);
    return ok && write_document(document, out_fd, e);
}
