/*
 * The key schedule of TLS 1.3, every step written down with what went into it.
 * Source: RFC 8446 §7.1 to §7.5
 */
#include "inspect/observe/client_parts.h"

#include <string.h>

size_t observer_hash_len(const struct observer *o) {
    return derive_hash_len(o->hash);
}

bool observer_note(struct observer *o, const struct trace_secret *secret) {
    return trace_add_secret(o->trace, secret, &o->error);
}

bool observer_check(struct observer *o, const char *name, const char *about,
                    struct wire_span expected, struct wire_span found, enum trace_step step) {
    const struct trace_check check = {
        .name = name,
        .about = about,
        .outcome = wire_equal(expected, found.bytes, found.len) ? TRACE_PASSED : TRACE_FAILED,
        .expected = expected,
        .found = found,
        .step = step};
    return trace_add_check(o->trace, &check, &o->error);
}

bool observer_hash_transcript(struct observer *o, size_t len, size_t count, enum trace_step step,
                              const char *about, uint8_t out[DERIVE_HASH_MAX]) {
    if (!derive_hash(o->hash, observer_span(o->transcript.data, len), out, &o->error)) {
        return false;
    }
    const struct trace_secret note = {.name = "transcript_hash",
                                      .operation = TRACE_HASH,
                                      .hash = o->hash,
                                      .number = count,
                                      .about = about,
                                      .output = observer_span(out, observer_hash_len(o)),
                                      .step = step};
    return observer_note(o, &note);
}

/* --- steps ---------------------------------------------------------------------------------------
 */

struct step {
    const char *name;
    const char *about;
    const char *from_name; /* of the secret that it comes from */
    struct wire_span from;
    const char *label;
    struct wire_span context;
    size_t len;
    enum trace_step step;
};

static bool expand(struct observer *o, const struct step *s, uint8_t *out) {
    const struct trace_secret note = {.name = s->name,
                                      .about = s->about,
                                      .operation = TRACE_EXPAND_LABEL,
                                      .hash = o->hash,
                                      .label = s->label,
                                      .inputs = {{s->from_name, s->from}, {"context", s->context}},
                                      .input_count = 2,
                                      .output = observer_span(out, s->len),
                                      .step = s->step};
    return derive_expand_label(o->hash, s->from, s->label, s->context, out, s->len, &o->error) &&
           observer_note(o, &note);
}

static bool extract(struct observer *o, const char *name, const char *about,
                    const struct trace_input inputs[2], uint8_t out[DERIVE_HASH_MAX]) {
    static const uint8_t zeros[DERIVE_HASH_MAX];
    const struct wire_span none = observer_span(zeros, observer_hash_len(o));
    const struct trace_secret note = {
        .name = name,
        .about = about,
        .operation = TRACE_EXTRACT,
        .hash = o->hash,
        .inputs = {{inputs[0].name, inputs[0].bytes.len == 0 ? none : inputs[0].bytes},
                   {inputs[1].name, inputs[1].bytes.len == 0 ? none : inputs[1].bytes}},
        .input_count = 2,
        .output = observer_span(out, observer_hash_len(o)),
        .step = TRACE_STEP_KEYS};
    return derive_extract(o->hash, inputs[0].bytes, inputs[1].bytes, out, &o->error) &&
           observer_note(o, &note);
}

static bool empty_hash(struct observer *o, uint8_t out[DERIVE_HASH_MAX]) {
    return derive_hash(o->hash, (struct wire_span){0}, out, &o->error);
}

/* "derived": what carries one stage's secret into the next. */
static bool carry(struct observer *o, const char *from_name, const uint8_t *from,
                  uint8_t out[DERIVE_HASH_MAX]) {
    uint8_t nothing[DERIVE_HASH_MAX];
    size_t len = observer_hash_len(o);
    if (!empty_hash(o, nothing)) {
        return false;
    }
    const struct step s = {.name = "derived",
                           .about = "carries the secret into the next stage, so that neither "
                                    "stage's secret can be reckoned from the other's",
                           .from_name = from_name,
                           .from = observer_span(from, len),
                           .label = "derived",
                           .context = observer_span(nothing, len),
                           .len = len,
                           .step = TRACE_STEP_KEYS};
    return expand(o, &s, out);
}

static bool use_early(struct observer *o);

/* --- stages --------------------------------------------------------------------------------------
 */

static struct wire_span psk_of(const struct observer *o) {
    return observer_span(o->wish->resume->secret, o->wish->resume->secret_len);
}

bool observer_tls13_early(struct observer *o, bool is_psk) {
    const struct trace_input inputs[2] = {
        {"salt", {0}}, {is_psk ? "psk" : "no psk", is_psk ? psk_of(o) : (struct wire_span){0}}};
    return extract(o, "early_secret",
                   is_psk ? "the ticket's key, made even" : "without a pre-shared key: from zeros",
                   inputs, o->early_secret);
}

bool observer_tls13_binder(struct observer *o, struct wire_span truncated,
                           uint8_t out[DERIVE_HASH_MAX]) {
    const struct observe_suite *suite = observe_suite_find(o->wish->resume->suite);
    uint8_t nothing[DERIVE_HASH_MAX];
    uint8_t binder_key[DERIVE_HASH_MAX];
    uint8_t finished_key[DERIVE_HASH_MAX];
    uint8_t hash[DERIVE_HASH_MAX];
    PL_AUTO(buf_clear) struct buf whole = {.max = OBSERVE_TRANSCRIPT_MAX};
    o->hash = suite == NULL ? "SHA256" : suite->prf;
    size_t len = observer_hash_len(o);
    if (!observer_tls13_early(o, true) || !empty_hash(o, nothing) ||
        !buf_append(&whole, o->transcript.data, o->transcript.len, &o->error) ||
        !buf_append(&whole, truncated.bytes, truncated.len, &o->error) ||
        !derive_hash(o->hash, observer_span(whole.data, whole.len), hash, &o->error)) {
        return false;
    }
    const struct step binder = {.name = "binder_key",
                                .about = "from the ticket's key, for the proof of having it",
                                .from_name = "early_secret",
                                .from = observer_span(o->early_secret, len),
                                .label = "res binder",
                                .context = observer_span(nothing, len),
                                .len = len,
                                .step = TRACE_STEP_OFFER};
    const struct step finished = {.name = "binder_finished_key",
                                  .about = "",
                                  .from_name = "binder_key",
                                  .from = observer_span(binder_key, len),
                                  .label = "finished",
                                  .len = len,
                                  .step = TRACE_STEP_OFFER};
    const struct trace_secret note = {
        .name = "binder",
        .about = "over the hello up to the binders: the proof that we hold the ticket's key",
        .operation = TRACE_HMAC,
        .hash = o->hash,
        .inputs = {{"binder_finished_key", observer_span(finished_key, len)},
                   {"hash of the truncated hello", observer_span(hash, len)}},
        .input_count = 2,
        .output = observer_span(out, len),
        .step = TRACE_STEP_OFFER};
    return expand(o, &binder, binder_key) && expand(o, &finished, finished_key) &&
           derive_hmac(o->hash, observer_span(finished_key, len), observer_span(hash, len), out,
                       &o->error) &&
           observer_note(o, &note);
}

static bool traffic(struct observer *o, const char *name, const char *about, const char *from_name,
                    const uint8_t *from, const char *label, const uint8_t *hash, uint8_t *out) {
    size_t len = observer_hash_len(o);
    const struct step s = {.name = name,
                           .about = about,
                           .from_name = from_name,
                           .from = observer_span(from, len),
                           .label = label,
                           .context = observer_span(hash, len),
                           .len = len,
                           .step = TRACE_STEP_KEYS};
    return expand(o, &s, out);
}

/* The suite is the session's: which one this connection will have is not known yet. */
bool observer_tls13_begin_early(struct observer *o) {
    uint8_t hash[DERIVE_HASH_MAX];
    o->suite = observe_suite_find(o->wish->resume->suite);
    o->version = WIRE_TLS13;
    o->is_early = o->trace->facts.has_sent_early = true;
    return observer_send_change(o) &&
           observer_hash_transcript(o, o->transcript.len, o->transcript_count, TRACE_STEP_OFFER,
                                    "of the hello alone: nothing of the server's goes into it",
                                    hash) &&
           traffic(
               o, "client_early_traffic_secret",
               "protects what goes ahead; it comes from the ticket's key alone, so that whoever "
               "steals that later can read it",
               "early_secret", o->early_secret, "c e traffic", hash, o->client_early.secret) &&
           use_early(o) && observer_send_request(o, TRACE_STEP_OFFER);
}

bool observer_tls13_drop_early(struct observer *o) {
    o->is_early = o->is_request_sent = false;
    return observer_tls13_use(o, true, false);
}

bool observer_tls13_handshake_secrets(struct observer *o, const struct exchange *x) {
    uint8_t derived[DERIVE_HASH_MAX];
    uint8_t hash[DERIVE_HASH_MAX];
    if (!carry(o, "early_secret", o->early_secret, derived)) {
        return false;
    }
    const struct trace_input inputs[2] = {
        {"derived", observer_span(derived, observer_hash_len(o))},
        {"shared_secret", observer_span(x->secret, x->secret_len)}};
    return extract(o, "handshake_secret",
                   "from the key exchange: only client and server can reckon it", inputs,
                   o->handshake_secret) &&
           observer_hash_transcript(o, o->transcript.len, o->transcript_count, TRACE_STEP_KEYS,
                                    "of both hellos: whoever changed one of them gets other keys",
                                    hash) &&
           traffic(o, "client_handshake_traffic_secret",
                   "protects what the client sends until its Finished", "handshake_secret",
                   o->handshake_secret, "c hs traffic", hash, o->client_handshake.secret) &&
           traffic(o, "server_handshake_traffic_secret",
                   "protects the server's certificate and all until its Finished",
                   "handshake_secret", o->handshake_secret, "s hs traffic", hash,
                   o->server_handshake.secret);
}

bool observer_tls13_data_secrets(struct observer *o) {
    static const struct wire_span none = {0};
    uint8_t derived[DERIVE_HASH_MAX];
    uint8_t hash[DERIVE_HASH_MAX];
    uint8_t exporter[DERIVE_HASH_MAX];
    if (!carry(o, "handshake_secret", o->handshake_secret, derived)) {
        return false;
    }
    const struct trace_input inputs[2] = {{"derived", observer_span(derived, observer_hash_len(o))},
                                          {"nothing new", none}};
    return extract(o, "master_secret",
                   "what the article calls the master secret: the root of the keys for the data",
                   inputs, o->master_secret) &&
           observer_hash_transcript(o, o->transcript.len, o->transcript_count, TRACE_STEP_KEYS,
                                    "of everything up to the server's Finished", hash) &&
           traffic(o, "client_application_traffic_secret_0",
                   "protects the data that the client sends", "master_secret", o->master_secret,
                   "c ap traffic", hash, o->client_data.secret) &&
           traffic(o, "server_application_traffic_secret_0",
                   "protects the data that the server sends", "master_secret", o->master_secret,
                   "s ap traffic", hash, o->server_data.secret) &&
           traffic(o, "exporter_master_secret", "for protocols inside that want keys of their own",
                   "master_secret", o->master_secret, "exp master", hash, exporter);
}

bool observer_tls13_resumption(struct observer *o) {
    uint8_t hash[DERIVE_HASH_MAX];
    return observer_hash_transcript(o, o->transcript.len, o->transcript_count, TRACE_STEP_KEYS,
                                    "of everything up to the client's Finished", hash) &&
           traffic(o, "resumption_master_secret", "from it come the keys of tickets",
                   "master_secret", o->master_secret, "res master", hash, o->resumption_secret);
}

bool observer_tls13_ticket_key(struct observer *o, struct wire_span nonce,
                               uint8_t out[DERIVE_HASH_MAX]) {
    size_t len = observer_hash_len(o);
    const struct step s = {.name = "psk",
                           .about = "the ticket's key: what a resumed connection begins with",
                           .from_name = "resumption_master_secret",
                           .from = observer_span(o->resumption_secret, len),
                           .label = "resumption",
                           .context = nonce,
                           .len = len,
                           .step = TRACE_STEP_DATA};
    return expand(o, &s, out);
}

/* --- keys ----------------------------------------------------------------------------------------
 */

static struct observer_traffic *find_traffic(struct observer *o, bool is_client, bool is_data) {
    if (is_data) {
        return is_client ? &o->client_data : &o->server_data;
    }
    return is_client ? &o->client_handshake : &o->server_handshake;
}

static const char *traffic_name(bool is_client, bool is_data) {
    static const char *const names[2][2] = {
        {"server_handshake_traffic_secret", "server_application_traffic_secret"},
        {"client_handshake_traffic_secret", "client_application_traffic_secret"}};
    return names[is_client ? 1 : 0][is_data ? 1 : 0];
}

static bool use(struct observer *o, bool is_client, const char *from_name,
                const struct observer_traffic *traffic_secret, enum trace_keys keys) {
    struct protect *p = is_client ? &o->write : &o->read;
    size_t hash_len = observer_hash_len(o);
    protect_clear(p);
    const struct step key = {.name = is_client ? "client_write_key" : "server_write_key",
                             .about = is_client ? "encrypts the client's records"
                                                : "encrypts the server's records",
                             .from_name = from_name,
                             .from = observer_span(traffic_secret->secret, hash_len),
                             .label = "key",
                             .len = o->suite->cipher->key_len,
                             .step = TRACE_STEP_KEYS};
    struct step iv = key;
    iv.name = is_client ? "client_write_iv" : "server_write_iv";
    iv.about = "is XORed with each record's number: no two records share a nonce";
    iv.label = "iv";
    iv.len = 12;
    if (!expand(o, &key, p->key) || !expand(o, &iv, p->iv)) {
        return false;
    }
    p->suite = o->suite;
    p->version = WIRE_TLS13;
    *(is_client ? &o->write_keys : &o->read_keys) = keys;
    return true;
}

bool observer_tls13_use(struct observer *o, bool is_client, bool is_data) {
    return use(o, is_client, traffic_name(is_client, is_data), find_traffic(o, is_client, is_data),
               is_data ? TRACE_KEYS_DATA : TRACE_KEYS_HANDSHAKE);
}

static bool use_early(struct observer *o) {
    return use(o, true, "client_early_traffic_secret", &o->client_early, TRACE_KEYS_EARLY);
}

bool observer_tls13_update(struct observer *o, bool is_client) {
    struct observer_traffic *traffic_secret = find_traffic(o, is_client, true);
    size_t len = observer_hash_len(o);
    uint8_t next[DERIVE_HASH_MAX];
    const struct step s = {.name = is_client ? "client_application_traffic_secret (next)"
                                             : "server_application_traffic_secret (next)",
                           .about =
                               "the next generation: from it the one before cannot be reckoned",
                           .from_name = traffic_name(is_client, true),
                           .from = observer_span(traffic_secret->secret, len),
                           .label = "traffic upd",
                           .len = len,
                           .step = TRACE_STEP_DATA};
    if (!expand(o, &s, next)) {
        return false;
    }
    memcpy(traffic_secret->secret, next, len);
    return observer_tls13_use(o, is_client, true);
}

bool observer_tls13_verify_data(struct observer *o, bool is_client, uint8_t out[DERIVE_HASH_MAX]) {
    size_t len = observer_hash_len(o);
    size_t transcript_len = is_client ? o->transcript.len : o->transcript_before;
    size_t count = is_client ? o->transcript_count : o->transcript_count - 1;
    enum trace_step where = is_client ? TRACE_STEP_CLIENT_FINISHED : TRACE_STEP_SERVER_FINISHED;
    uint8_t key[DERIVE_HASH_MAX];
    uint8_t hash[DERIVE_HASH_MAX];
    const struct step s = {.name = is_client ? "client_finished_key" : "server_finished_key",
                           .about = "for the checksum over the handshake",
                           .from_name = traffic_name(is_client, false),
                           .from = observer_span(find_traffic(o, is_client, false)->secret, len),
                           .label = "finished",
                           .len = len,
                           .step = where};
    const struct trace_secret note = {.name =
                                          is_client ? "client_verify_data" : "server_verify_data",
                                      .about = "what Finished must hold",
                                      .operation = TRACE_HMAC,
                                      .hash = o->hash,
                                      .inputs = {{s.name, observer_span(key, len)},
                                                 {"transcript_hash", observer_span(hash, len)}},
                                      .input_count = 2,
                                      .output = observer_span(out, len),
                                      .step = where};
    return expand(o, &s, key) &&
           observer_hash_transcript(o, transcript_len, count, where,
                                    "of everything before this Finished", hash) &&
           derive_hmac(o->hash, observer_span(key, len), observer_span(hash, len), out,
                       &o->error) &&
           observer_note(o, &note);
}

/* --- the exchange --------------------------------------------------------------------------------
 */

static bool note_part(struct observer *o, const struct exchange_part *part, enum trace_step step) {
    bool is_kem = part->name[0] == 'M';
    const struct trace_secret note = {
        .name = is_kem ? "kem_secret" : "ecdh_secret",
        .about = is_kem ? "what the server encapsulated to our key: only our seed opens it"
                        : "our private value with the server's public one; the server reckons the "
                          "same with its private value and our public one",
        .operation = is_kem ? TRACE_DECAPSULATE : TRACE_AGREE,
        .label = part->name,
        .inputs = {{is_kem ? "seed" : "private", {part->private_value, part->private_len}},
                   {is_kem ? "ciphertext" : "peer_public", {part->peer_value, part->peer_len}},
                   {"public", {part->public_value, part->public_len}}},
        .input_count = 3,
        .output = {part->secret, part->secret_len},
        .step = step};
    return observer_note(o, &note);
}

bool observer_note_exchange(struct observer *o, const struct exchange *x, enum trace_step step) {
    for (size_t i = 0; i < x->part_count; i++) {
        if (!note_part(o, &x->parts[i], step)) {
            return false;
        }
    }
    if (x->part_count < 2) {
        return true;
    }
    const struct trace_secret note = {
        .name = "shared_secret",
        .about = "both secrets one after the other: whoever breaks one of them has nothing yet",
        .operation = TRACE_CONCAT,
        .inputs = {{x->parts[0].name, {x->parts[0].secret, x->parts[0].secret_len}},
                   {x->parts[1].name, {x->parts[1].secret, x->parts[1].secret_len}}},
        .input_count = 2,
        .output = {x->secret, x->secret_len},
        .step = step};
    return observer_note(o, &note);
}
