/* The readers of single messages: what each process makes of another's bytes. */
#include "fuzz.h"

#include "keys/unpack_wire.h"
#include "role/dns_note.h"
#include "role/listing.h"
#include "role/look_note.h"
#include "role/proof.h"
#include "role/stapling.h"
#include "role/ticket_note.h"
#include "role/worker.h"

static void see_path(void *ctx, const char *path) {
    size_t *count = ctx;
    *count += strlen(path) + 1;
}

static void see_listener(void *ctx, const struct listing_listener *listener) {
    size_t *count = ctx;
    *count += strlen(listener->text) + 1;
    FUZZ_CHECK(strlen(listener->text) < SNAPSHOT_ADDRESS_TEXT);
}

/* What was seen of a server is the one that holds what strangers chose. */
static void read_looks(const uint8_t *bytes, size_t len) {
    struct err error = {0};
    struct look_wish look = {0};
    struct fetch_wish fetch = {0};
    size_t body_max = 0;
    PL_AUTO(tls_look_clear) struct tls_look seen = {0};
    if (look_note_read(bytes, len, &look)) {
        FUZZ_CHECK(strlen(look.host) < LOOK_NOTE_TEXT && strlen(look.starttls) < LOOK_NOTE_TEXT);
        FUZZ_CHECK(look.timeout_ms >= 0 && look.timeout_ms <= LOOK_NOTE_TIMEOUT_MAX_MS);
    }
    if (fetch_note_read(bytes, len, &fetch, &body_max)) {
        FUZZ_CHECK(strlen(fetch.url) < FETCH_URL_SIZE && fetch.content_len <= FETCH_CONTENT_MAX);
        FUZZ_CHECK(body_max > 0 && body_max <= FETCH_NOTE_BODY_MAX);
    }
    if (fuzz_told(look_note_read_seen(bytes, len, &seen, &error), &error)) {
        FUZZ_CHECK(seen.presented.count > 0 && seen.presented.count <= TLS_LOOK_CERTS_MAX);
        FUZZ_CHECK(seen.stapled.len <= TLS_LOOK_PROOF_MAX);
        FUZZ_CHECK(seen.timestamps.len <= TLS_LOOK_PROOF_MAX);
        FUZZ_CHECK(memchr(seen.version, '\0', sizeof(seen.version)) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct ipc_message message = {.bytes = bytes, .len = len, .fd = -1};
    struct err error = {0};
    struct proof_wish wish;
    static struct worker_start start;
    struct worker_peer about;
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    uint64_t number = 0;
    bool is_proven = false;
    size_t seen = 0;
    (void)listing_each_root(&message, see_path, &seen);
    FUZZ_CHECK(seen <= len);
    seen = 0;
    (void)listing_each_listener(&message, see_listener, &seen);
    FUZZ_CHECK(seen <= len);
    if (proof_read(&message, &wish)) {
        FUZZ_CHECK(wish.sha256_count <= PROOF_CERTIFICATES_MAX);
        FUZZ_CHECK(memchr(wish.host, '\0', sizeof(wish.host)) != NULL);
    }
    if (proof_read_answer(&message, &number, &is_proven, &error)) {
        FUZZ_CHECK(error.step_count <= ERR_STEPS_MAX);
    }
    (void)worker_start_read(&message, &start);
    (void)worker_peer_read(&message, &about);
    struct ticket_note note;
    if (ticket_note_read(bytes, len, &note)) {
        FUZZ_CHECK(note.blob_len <= sizeof(note.blob));
        FUZZ_CHECK(note.net == IPC_NET || note.net == IPC_NET_SERVICES);
    }
    struct stapling_wish stapling = {0};
    if (stapling_read(bytes, len, &stapling)) {
        FUZZ_CHECK(strlen(stapling.url) < STAPLING_URL_MAX && stapling.cert_len > 0);
    }
    struct dns_wish dns = {0};
    if (dns_note_read(bytes, len, &dns)) {
        FUZZ_CHECK(strlen(dns.name) < DNS_NAME_SIZE && strlen(dns.anchor) < DNS_ANCHOR_MAX);
    }
    PL_AUTO(dns_answer_clear) struct dns_answer found = {0};
    if (fuzz_told(dns_note_read_answer(bytes, len, &found, &error), &error)) {
        const uint8_t *record = NULL;
        size_t at = 0;
        size_t record_len = 0;
        while (dns_answer_next(&found, &at, &record, &record_len)) {
            FUZZ_CHECK(at <= found.data.len);
        }
    }
    read_looks(bytes, len);
    struct stapling_answer response = {0};
    if (stapling_read_answer(bytes, len, &response)) {
        FUZZ_CHECK(response.error.step_count <= ERR_STEPS_MAX);
    }
    (void)!unpack_wire_result(bytes, len, &unpacked, &error);
    return 0;
}
