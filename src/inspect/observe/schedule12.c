/*
 * The secrets of SSL 3.0 to TLS 1.2, every step written down with what went into it.
 * Source: RFC 5246 §6.3, §7.4.9, §8.1; RFC 2246; RFC 6101 §5.6.9, §6; RFC 7627
 */
#include "inspect/observe/client_parts.h"

#include <string.h>

enum { KEY_BLOCK_MAX = 2 * (PROTECT_KEY_MAX + PROTECT_IV_MAX + PROTECT_MAC_MAX) };

static enum trace_operation prf_operation(const struct observer *o) {
    return o->version == WIRE_TLS12   ? TRACE_PRF
           : o->version == WIRE_SSL30 ? TRACE_SSL3
                                      : TRACE_PRF10;
}

struct prf_step {
    const char *name;
    const char *about;
    struct trace_input secret;
    const char *label;
    struct trace_input seed;
    size_t len;
    enum trace_step step;
};

static bool run_prf(struct observer *o, const struct prf_step *s, uint8_t *out) {
    bool is_ssl3 = o->version == WIRE_SSL30;
    bool ok = is_ssl3 ? derive_ssl3(s->secret.bytes, s->seed.bytes, out, s->len, &o->error)
                      : derive_prf(o->version, o->suite->prf, s->secret.bytes, s->label,
                                   s->seed.bytes, out, s->len, &o->error);
    const struct trace_secret note = {.name = s->name,
                                      .about = s->about,
                                      .operation = prf_operation(o),
                                      .hash = o->version == WIRE_TLS12 ? o->suite->prf : NULL,
                                      .label = is_ssl3 ? NULL : s->label,
                                      .inputs = {s->secret, s->seed},
                                      .input_count = 2,
                                      .output = observer_span(out, s->len),
                                      .step = s->step};
    return ok && observer_note(o, &note);
}

/* --- the master secret ---------------------------------------------------------------------------
 */

static void join_randoms(const struct observer *o, bool is_client_first, uint8_t out[64]) {
    memcpy(out, is_client_first ? o->client_random : o->server_random, WIRE_RANDOM);
    memcpy(out + WIRE_RANDOM, is_client_first ? o->server_random : o->client_random, WIRE_RANDOM);
}

bool observer_12_master(struct observer *o) {
    uint8_t randoms[64];
    uint8_t hash[DERIVE_HASH_MAX];
    bool is_extended = o->trace->facts.has_extended_master_secret;
    join_randoms(o, true, randoms);
    struct prf_step s = {
        .name = "master_secret",
        .about = "48 bytes that client and server reckon each for itself (the article's step 6)",
        .secret = {"pre_master_secret", observer_span(o->pre_master, o->pre_master_len)},
        .label = "master secret",
        .seed = {"client_random + server_random", observer_span(randoms, sizeof(randoms))},
        .len = MASTER_LEN,
        .step = TRACE_STEP_KEYS};
    if (is_extended) {
        if (!observer_hash_transcript(o, o->transcript.len, o->transcript_count, TRACE_STEP_KEYS,
                                      "of everything up to ClientKeyExchange: ties the master "
                                      "secret to this handshake and no other",
                                      hash)) {
            return false;
        }
        s.label = "extended master secret";
        s.seed = (struct trace_input){"session_hash", observer_span(hash, observer_hash_len(o))};
    }
    return run_prf(o, &s, o->master_secret);
}

/* --- keys ----------------------------------------------------------------------------------------
 */

/* Cuts the next piece off the key block. */
static bool cut(struct observer *o, struct wire_span block, size_t *at, size_t len,
                const char *name, uint8_t *out) {
    if (len == 0) {
        return true;
    }
    const struct trace_secret note = {.name = name,
                                      .about = "",
                                      .operation = TRACE_SLICE,
                                      .inputs = {{"key_block", block}},
                                      .input_count = 1,
                                      .number = *at,
                                      .output = observer_span(block.bytes + *at, len),
                                      .step = TRACE_STEP_KEYS};
    memcpy(out, block.bytes + *at, len);
    *at += len;
    return observer_note(o, &note);
}

bool observer_12_keys(struct observer *o) {
    uint8_t randoms[64];
    uint8_t block[KEY_BLOCK_MAX];
    size_t at = 0;
    size_t mac_len = protect_mac_len(o->suite);
    size_t key_len = o->suite->cipher->key_len;
    size_t iv_len = protect_iv_len(o->suite, o->version);
    size_t len = 2 * (mac_len + key_len + iv_len);
    join_randoms(o, false, randoms);
    const struct prf_step s = {
        .name = "key_block",
        .about = "is cut into the keys; one set for each direction, not one session key for both",
        .secret = {"master_secret", observer_span(o->master_secret, MASTER_LEN)},
        .label = "key expansion",
        .seed = {"server_random + client_random", observer_span(randoms, sizeof(randoms))},
        .len = len,
        .step = TRACE_STEP_KEYS};
    struct protect *client = &o->next_write;
    struct protect *server = &o->next_read;
    client->suite = server->suite = o->suite;
    client->version = server->version = o->version;
    client->is_encrypt_then_mac = server->is_encrypt_then_mac =
        o->trace->facts.has_encrypt_then_mac && o->suite->cipher->protection == OBSERVE_CBC;
    const struct wire_span whole = observer_span(block, len);
    return run_prf(o, &s, block) &&
           cut(o, whole, &at, mac_len, "client_write_MAC_key", client->mac_key) &&
           cut(o, whole, &at, mac_len, "server_write_MAC_key", server->mac_key) &&
           cut(o, whole, &at, key_len, "client_write_key", client->key) &&
           cut(o, whole, &at, key_len, "server_write_key", server->key) &&
           cut(o, whole, &at, iv_len, "client_write_IV", client->iv) &&
           cut(o, whole, &at, iv_len, "server_write_IV", server->iv);
}

/* --- Finished ------------------------------------------------------------------------------------
 */

/* hash(master + pad2 + hash(messages + sender + master + pad1)); RFC 6101 §5.6.9 */
static bool ssl3_half(struct observer *o, const char *hash, struct wire_span messages,
                      const char *sender, uint8_t out[DERIVE_HASH_MAX]) {
    PL_AUTO(buf_cleanse) struct buf block = {.max = OBSERVE_TRANSCRIPT_MAX + 256};
    size_t hash_len = derive_hash_len(hash);
    size_t pad_len = hash_len == 16 ? 48 : 40;
    uint8_t pad[48];
    memset(pad, 0x36, sizeof(pad));
    if (!buf_append(&block, messages.bytes, messages.len, &o->error) ||
        !buf_append(&block, sender, 4, &o->error) ||
        !buf_append(&block, o->master_secret, MASTER_LEN, &o->error) ||
        !buf_append(&block, pad, pad_len, &o->error) ||
        !derive_hash(hash, observer_span(block.data, block.len), out, &o->error)) {
        return false;
    }
    buf_reset(&block);
    memset(pad, 0x5C, sizeof(pad));
    return buf_append(&block, o->master_secret, MASTER_LEN, &o->error) &&
           buf_append(&block, pad, pad_len, &o->error) &&
           buf_append(&block, out, hash_len, &o->error) &&
           derive_hash(hash, observer_span(block.data, block.len), out, &o->error);
}

static bool ssl3_verify_data(struct observer *o, bool is_client, size_t transcript_len,
                             uint8_t out[DERIVE_HASH_MAX]) {
    const struct wire_span messages = observer_span(o->transcript.data, transcript_len);
    const char *sender = is_client ? "CLNT" : "SRVR";
    uint8_t sha[DERIVE_HASH_MAX];
    if (!ssl3_half(o, "MD5", messages, sender, out) ||
        !ssl3_half(o, "SHA1", messages, sender, sha)) {
        return false;
    }
    memcpy(out + 16, sha, 20);
    const struct trace_secret note = {
        .name = is_client ? "client_verify_data" : "server_verify_data",
        .about = "MD5 and SHA-1 over all messages, the sender's name and the master secret",
        .operation = TRACE_SSL3,
        .inputs = {{"master_secret", observer_span(o->master_secret, MASTER_LEN)},
                   {"sender", {(const uint8_t *)sender, 4}}},
        .input_count = 2,
        .output = observer_span(out, 36),
        .step = is_client ? TRACE_STEP_CLIENT_FINISHED : TRACE_STEP_SERVER_FINISHED};
    return observer_note(o, &note);
}

bool observer_12_verify_data(struct observer *o, bool is_client, size_t transcript_len,
                             size_t count, uint8_t out[DERIVE_HASH_MAX], size_t *out_len) {
    uint8_t hash[DERIVE_HASH_MAX];
    *out_len = o->version == WIRE_SSL30 ? 36 : 12;
    if (o->version == WIRE_SSL30) {
        return ssl3_verify_data(o, is_client, transcript_len, out);
    }
    enum trace_step where = is_client ? TRACE_STEP_CLIENT_FINISHED : TRACE_STEP_SERVER_FINISHED;
    if (!observer_hash_transcript(o, transcript_len, count, where,
                                  "of everything before this Finished", hash)) {
        return false;
    }
    const struct prf_step s = {
        .name = is_client ? "client_verify_data" : "server_verify_data",
        .about = "what Finished must hold",
        .secret = {"master_secret", observer_span(o->master_secret, MASTER_LEN)},
        .label = is_client ? "client finished" : "server finished",
        .seed = {"transcript_hash", observer_span(hash, observer_hash_len(o))},
        .len = *out_len,
        .step = where};
    return run_prf(o, &s, out);
}
