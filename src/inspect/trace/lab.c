/* The laboratory's experiments: what each is set up with, and what the server's side adds. */
#include "inspect/trace/lab.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "inspect/trace/document.h"
#include "inspect/trace/lab_server.h"
#include "inspect/wire/numbers.h"
#include "pki/openssl.h"

#include <openssl/rsa.h>

#include <string.h>

enum { TURNS_MAX = 20, BYTES_MAX = 1024 * 1024, GROUP_X25519 = 0x001D, GROUP_P256 = 0x0017 };

static const uint16_t x25519[] = {GROUP_X25519};
static const uint16_t mlkem[] = {0x11EC};
static const uint16_t x25519_and_p256[] = {GROUP_X25519, GROUP_P256};

static const struct experiment {
    const char *name;
    const char *title;
    bool is_rsa;
    uint16_t version;
    const char *suites;
    const char *server_groups;
    struct wire_list groups;
    struct wire_list shares;
    bool wants_certificate;
    bool is_resumed;
    bool wants_key_update;
} experiments[LAB_MODE_COUNT] = {
    [LAB_RSA] = {"rsa",
                 "TLS 1.2 with RSA key exchange, as in the article",
                 true,
                 WIRE_TLS12,
                 "AES128-SHA256:@SECLEVEL=1",
                 NULL,
                 {0},
                 {0},
                 false,
                 false,
                 false},
    [LAB_ECDHE] = {"ecdhe",
                   "TLS 1.2 with ECDHE",
                   true,
                   WIRE_TLS12,
                   "ECDHE-RSA-AES128-GCM-SHA256",
                   "X25519",
                   {x25519, 1},
                   {0},
                   false,
                   false,
                   false},
    [LAB_TLS13] = {"tls13",
                   "TLS 1.3 with X25519, and new keys on the way",
                   false,
                   WIRE_TLS13,
                   NULL,
                   "X25519",
                   {x25519, 1},
                   {x25519, 1},
                   false,
                   false,
                   true},
    [LAB_MLKEM] = {"mlkem",
                   "TLS 1.3 with X25519MLKEM768",
                   false,
                   WIRE_TLS13,
                   NULL,
                   "X25519MLKEM768",
                   {mlkem, 1},
                   {mlkem, 1},
                   false,
                   false,
                   false},
    [LAB_RESUME] = {"resume",
                    "TLS 1.3, then resumed",
                    false,
                    WIRE_TLS13,
                    NULL,
                    "X25519",
                    {x25519, 1},
                    {x25519, 1},
                    false,
                    true,
                    false},
    [LAB_HRR] = {"hrr",
                 "TLS 1.3 with a HelloRetryRequest",
                 false,
                 WIRE_TLS13,
                 NULL,
                 "P-256",
                 {x25519_and_p256, 2},
                 {x25519, 1},
                 false,
                 false,
                 false},
    [LAB_MTLS] = {"mtls",
                  "TLS 1.3 with a certificate of the client",
                  false,
                  WIRE_TLS13,
                  NULL,
                  "X25519",
                  {x25519, 1},
                  {x25519, 1},
                  true,
                  false,
                  false},
    [LAB_EARLY] = {"early",
                   "TLS 1.3, then resumed with a request sent ahead (0-RTT)",
                   false,
                   WIRE_TLS13,
                   NULL,
                   "X25519",
                   {x25519, 1},
                   {x25519, 1},
                   false,
                   true,
                   false},
};

const char *lab_mode_name(enum lab_mode mode) {
    return experiments[mode].name;
}

/* --- what the server's side adds -----------------------------------------------------------------
 */

/* RSA alone, without looking at the padding: 00 02, random bytes, 00, the 48 bytes. */
static bool raw_decrypt(EVP_PKEY *key, struct wire_span encrypted, uint8_t *out, size_t *out_len) {
    PL_AUTO(evp_pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    return ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
           EVP_PKEY_decrypt(ctx, out, out_len, encrypted.bytes, encrypted.len) == 1;
}

static bool show_decryption(const struct lab_server *server, const struct observer *o,
                            struct trace *trace, struct err *e) {
    const struct wire_span encrypted = observer_encrypted_pre_master(o);
    const struct wire_span sent = observer_pre_master(o);
    uint8_t block[1024];
    size_t len = sizeof(block);
    if (encrypted.len == 0) {
        return true;
    }
    if (!raw_decrypt(lab_server_key(server), encrypted, block, &len) || len < sent.len) {
        return err_set_openssl(e, ERR_INSPECT_LAB, "the server's key does not decrypt");
    }
    const struct wire_span found = {block + len - sent.len, sent.len};
    const struct trace_secret decrypted = {
        .name = "decrypted_block",
        .about = "what the private key makes of it: 00 02, random bytes that are not zero, 00, and "
                 "the pre-master secret",
        .operation = TRACE_RSA_DECRYPT,
        .inputs = {{"encrypted_pre_master_secret", encrypted}},
        .input_count = 1,
        .output = {block, len},
        .step = TRACE_STEP_SERVER_SECRET,
        .is_server_only = true};
    const struct trace_secret cut = {.name = "pre_master_secret",
                                     .about = "the last 48 bytes: what the client had made up",
                                     .operation = TRACE_SLICE,
                                     .inputs = {{"decrypted_block", {block, len}}},
                                     .input_count = 1,
                                     .number = len - sent.len,
                                     .output = found,
                                     .step = TRACE_STEP_SERVER_SECRET,
                                     .is_server_only = true};
    const struct trace_check check = {
        .name = "the server's pre-master secret",
        .about = "the private key opened what the client had encrypted to the certificate",
        .outcome = secret_equal(found.bytes, sent.bytes, sent.len) ? TRACE_PASSED : TRACE_FAILED,
        .expected = sent,
        .found = found,
        .step = TRACE_STEP_SERVER_SECRET};
    return trace_add_secret(trace, &decrypted, e) && trace_add_secret(trace, &cut, e) &&
           trace_add_check(trace, &check, e);
}

static const struct {
    const char *line;
    const char *secret;
    const char *check;
} lines[] = {
    {"CLIENT_RANDOM ", "master_secret", "the server's master secret"},
    {"CLIENT_EARLY_TRAFFIC_SECRET ", "client_early_traffic_secret",
     "the server's client_early_traffic_secret"},
    {"CLIENT_HANDSHAKE_TRAFFIC_SECRET ", "client_handshake_traffic_secret",
     "the server's client_handshake_traffic_secret"},
    {"SERVER_HANDSHAKE_TRAFFIC_SECRET ", "server_handshake_traffic_secret",
     "the server's server_handshake_traffic_secret"},
    {"CLIENT_TRAFFIC_SECRET_0 ", "client_application_traffic_secret_0",
     "the server's client_application_traffic_secret_0"},
    {"SERVER_TRAFFIC_SECRET_0 ", "server_application_traffic_secret_0",
     "the server's server_application_traffic_secret_0"},
};

static const struct trace_secret *find_secret(const struct trace *trace, const char *name) {
    for (size_t i = 0; i < trace->secret_count; i++) {
        const struct trace_secret *at = &trace->secrets[i];
        if (str_equal(at->name, name)) {
            return at;
        }
    }
    return NULL;
}

/* "NAME client_random secret": the last word. */
static bool read_line(const char *line, uint8_t out[64], size_t *out_len) {
    size_t whole = strcspn(line, "\n");
    size_t digits = 0;
    while (digits < whole && line[whole - 1 - digits] != ' ') {
        digits++;
    }
    *out_len = digits / 2;
    return digits <= 128 && digits % 2 == 0 && hex_decode(line + whole - digits, digits, out);
}

/* What the server reckoned, by its own key log, is what we reckoned. */
static bool compare_logs(const struct lab_server *server, struct trace *trace, struct err *e) {
    const char *log = buf_string(lab_server_key_log(server));
    for (size_t i = 0; i < PL_ARRAY_LEN(lines); i++) {
        const char *line = strstr(log, lines[i].line);
        const struct trace_secret *ours = find_secret(trace, lines[i].secret);
        uint8_t theirs[64];
        size_t len = 0;
        if (line == NULL || ours == NULL || !read_line(line, theirs, &len)) {
            continue;
        }
        bool is_same = len == ours->output.len && secret_equal(theirs, ours->output.bytes, len);
        const struct trace_check check = {
            .name = lines[i].check,
            .about = "by its own key log the server has reckoned the same as the client",
            .outcome = is_same ? TRACE_PASSED : TRACE_FAILED,
            .expected = ours->output,
            .found = {theirs, len},
            .step = TRACE_STEP_SERVER_SECRET};
        if (!trace_add_check(trace, &check, e)) {
            return false;
        }
    }
    return true;
}

/* --- running -------------------------------------------------------------------------------------
 */

struct lab {
    const struct experiment *experiment;
    struct lab_server *server;
    struct observe_wish wish;
    struct trace *traces[2];
    size_t trace_count;
    struct observe_session session;
    X509 *client_cert;
    EVP_PKEY *client_key;
};

static void lab_clear(struct lab *lab) {
    trace_free(lab->traces[0]);
    trace_free(lab->traces[1]);
    lab_server_free(lab->server);
    X509_free(lab->client_cert);
    EVP_PKEY_free(lab->client_key);
    secret_cleanse(&lab->session, sizeof(lab->session));
}

/* Bytes to and fro until neither has anything to say. */
static bool converse(struct lab *lab, struct observer *o, int64_t start_us, struct err *e) {
    PL_AUTO(buf_clear) struct buf to_client = {.max = BYTES_MAX};
    struct buf *to_server = observer_output(o);
    enum observe_status status = observer_start(o, 0);
    for (unsigned turn = 0; turn < TURNS_MAX; turn++) {
        buf_reset(&to_client);
        if (!lab_server_step(lab->server, to_server, &to_client, e)) {
            return false;
        }
        buf_reset(to_server);
        if (status != OBSERVE_GOES_ON || to_client.len == 0) {
            break;
        }
        status =
            observer_receive(o, to_client.data, to_client.len, clock_monotonic_us() - start_us);
    }
    if (status == OBSERVE_GOES_ON) {
        (void)!observer_end(o, false, clock_monotonic_us() - start_us);
    }
    return true;
}

static bool run_once(struct lab *lab, const char *title, struct err *e) {
    PL_AUTO(observer_freep) struct observer *o = NULL;
    struct trace **trace = &lab->traces[lab->trace_count];
    if (!lab_server_accept(lab->server, e) || !trace_new(title, trace, e) ||
        !observer_new(&lab->wish, *trace, &o, e)) {
        return false;
    }
    lab->trace_count++;
    if (!converse(lab, o, clock_monotonic_us(), e) || !show_decryption(lab->server, o, *trace, e) ||
        !compare_logs(lab->server, *trace, e)) {
        return false;
    }
    lab->session = *observer_session(o);
    return true;
}

static bool prepare(struct lab *lab, const struct observe_random *random, int64_t at_ms,
                    struct err *e) {
    const struct experiment *x = lab->experiment;
    const struct lab_server_wish server = {.is_rsa = x->is_rsa,
                                           .version = x->version,
                                           .suites = x->suites,
                                           .groups = x->server_groups,
                                           .wants_client_certificate = x->wants_certificate,
                                           .takes_early_data = x == &experiments[LAB_EARLY],
                                           .at_ms = at_ms};
    lab->wish = (struct observe_wish){.server_name = LAB_HOST,
                                      .http_host = LAB_HOST,
                                      .version_min = x->version,
                                      .version_max = x->version,
                                      .groups = x->groups,
                                      .shares = x->shares,
                                      .wants_key_update = x->wants_key_update,
                                      .random = *random};
    if (!lab_server_new(&server, &lab->server, e)) {
        return false;
    }
    if (!x->wants_certificate) {
        return true;
    }
    lab->wish.certs = &lab->client_cert;
    lab->wish.cert_count = 1;
    if (!lab_server_make_client(lab->server, &lab->client_cert, &lab->client_key, e)) {
        return false;
    }
    lab->wish.key = lab->client_key;
    return true;
}

static bool tell(const struct lab *lab, int64_t at_ms, json_t **out_document, struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list anchors = {0};
    PL_AUTO(mem_freep) char *target_text = NULL;
    if (!mem_printf(&target_text, e, "lab %s", lab->experiment->name) ||
        !cert_list_add(&anchors, lab_server_root(lab->server), e)) {
        return false;
    }
    const struct trace_target target = {.target = target_text,
                                        .host = LAB_HOST,
                                        .address = "127.0.0.1",
                                        .client_address = "127.0.0.1",
                                        .port = 443,
                                        .client_port = 50000,
                                        .starttls = "",
                                        .lab = lab->experiment->name,
                                        .at_ms = at_ms};
    return trace_document(&target, lab->traces, lab->trace_count, &anchors, out_document, e);
}

bool lab_run(enum lab_mode mode, const struct observe_random *random, int64_t at_ms,
             json_t **out_document, struct err *e) {
    PL_AUTO(lab_clear) struct lab lab = {.experiment = &experiments[mode]};
    if (!prepare(&lab, random, at_ms, e) || !run_once(&lab, lab.experiment->title, e)) {
        return false;
    }
    if (lab.experiment->is_resumed) {
        const struct observe_session session = lab.session;
        lab.wish.resume = &session;
        lab.wish.wants_early_data = mode == LAB_EARLY;
        if (!run_once(&lab,
                      mode == LAB_EARLY ? "resumed, with the request sent ahead (0-RTT)"
                                        : "the session resumed with its ticket",
                      e)) {
            return false;
        }
    }
    return tell(&lab, at_ms, out_document, e);
}
