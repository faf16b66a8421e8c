/* The readers of single messages: what each process makes of another's bytes. */
#include "fuzz.h"

#include "keys/unpack_wire.h"
#include "role/dns_note.h"
#include "role/listing.h"
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
    struct stapling_answer response = {0};
    if (stapling_read_answer(bytes, len, &response)) {
        FUZZ_CHECK(response.error.step_count <= ERR_STEPS_MAX);
    }
    (void)!unpack_wire_result(bytes, len, &unpacked, &error);
    return 0;
}
