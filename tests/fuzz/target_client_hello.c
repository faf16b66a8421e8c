/* codec/client_hello: parts lie inside the message; a whole message does not need more bytes. */
#include "fuzz.h"

#include "codec/client_hello.h"

static void check_inside(struct client_hello_part part, const uint8_t *bytes, size_t len,
                         const struct buf *joined) {
    bool is_in_bytes = part.bytes >= bytes && part.bytes + part.len <= bytes + len;
    bool is_in_joined = joined->data != NULL && part.bytes >= joined->data &&
                        part.bytes + part.len <= joined->data + joined->len;
    FUZZ_CHECK(part.bytes == NULL ? part.len == 0 : is_in_bytes || is_in_joined);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    PL_AUTO(buf_clear) struct buf joined;
    buf_init(&joined, CLIENT_HELLO_MAX);
    struct client_hello hello = {0};
    enum client_hello_result result = client_hello_read(bytes, len, &joined, &hello);
    if (result == CLIENT_HELLO_WHOLE) {
        const struct client_hello_part parts[] = {
            hello.session_id, hello.suites,  hello.extensions, hello.server_name,
            hello.versions,   hello.schemes, hello.groups,     hello.protocols};
        for (size_t i = 0; i < PL_ARRAY_LEN(parts); i++) {
            check_inside(parts[i], bytes, len, &joined);
        }
        (void)client_hello_lists(hello.suites, 0x1301);
        (void)client_hello_version_max(&hello);
    }
    return 0;
}
