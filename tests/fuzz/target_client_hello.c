/* codec/client_hello: parts lie inside the message; a whole message does not need more bytes. */
#include "fuzz.h"

#include "codec/client_hello.h"
#include "tls/client_offer.h"

#include <string.h>

static void check_inside(struct client_hello_part part, const uint8_t *bytes, size_t len,
                         const struct buf *joined) {
    bool is_in_bytes = part.bytes >= bytes && part.bytes + part.len <= bytes + len;
    bool is_in_joined = joined->data != NULL && part.bytes >= joined->data &&
                        part.bytes + part.len <= joined->data + joined->len;
    FUZZ_CHECK(part.bytes == NULL ? part.len == 0 : is_in_bytes || is_in_joined);
}

/* What is kept of it: every list as long as what was walked, and a fingerprint of the known form.
 */
static void check_offer(const struct client_hello *hello) {
    struct client_offer *offer = NULL;
    char ja4[CLIENT_OFFER_JA4_SIZE];
    PL_AUTO(buf_clear) struct buf raw;
    buf_init(&raw, 64 * 1024);
    FUZZ_CHECK(client_offer_new(hello, &offer, NULL));
    for (unsigned list = 0; list < CLIENT_OFFER_LIST_COUNT; list++) {
        size_t count = client_offer_count(offer, (enum client_offer_list)list);
        for (size_t i = 0; i < count; i++) {
            (void)client_offer_at(offer, (enum client_offer_list)list, i);
        }
    }
    FUZZ_CHECK(client_offer_is_cut(offer) ||
               client_offer_count(offer, CLIENT_OFFER_SUITES) == hello->suites.len / 2);
    size_t at = 0;
    const uint8_t *name = NULL;
    size_t len = 0;
    while (client_offer_next_protocol(offer, &at, &name, &len)) {
        FUZZ_CHECK(len > 0);
    }
    if (!client_offer_is_cut(offer)) {
        FUZZ_CHECK(client_offer_ja4(offer, ja4, &raw, NULL));
        FUZZ_CHECK(strlen(ja4) == CLIENT_OFFER_JA4_SIZE - 1 && ja4[10] == '_' && ja4[23] == '_');
    }
    client_offer_free(offer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    PL_AUTO(buf_clear) struct buf joined;
    buf_init(&joined, CLIENT_HELLO_MAX);
    struct client_hello hello = {0};
    enum client_hello_result result = client_hello_read(bytes, len, &joined, &hello);
    if (result == CLIENT_HELLO_WHOLE) {
        const struct client_hello_part parts[] = {
            hello.session_id, hello.suites, hello.extensions, hello.server_name, hello.versions,
            hello.schemes,    hello.groups, hello.protocols,  hello.key_shares};
        for (size_t i = 0; i < PL_ARRAY_LEN(parts); i++) {
            check_inside(parts[i], bytes, len, &joined);
        }
        (void)client_hello_lists(hello.suites, 0x1301);
        (void)client_hello_version_max(&hello);
        check_offer(&hello);
    }
    return 0;
}
