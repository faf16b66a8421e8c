/* codec/uri: an address that was read is written and read to the same. */
#include "fuzz.h"

#include "codec/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *text = fuzz_string(bytes, len);
    struct uri uri;
    struct uri again;
    char written[URI_TEXT_SIZE];
    if (fuzz_told(uri_parse(text, &uri, &e), &e)) {
        uri_format(&uri, written);
        FUZZ_CHECK(uri_parse(written, &again, &e));
        FUZZ_CHECK(again.port == uri.port && again.is_https == uri.is_https);
        FUZZ_CHECK(strcmp(again.host, uri.host) == 0 && strcmp(again.path, uri.path) == 0);
    }
    PL_AUTO(mem_freep) char *path = fuzz_string(bytes, len);
    if (uri_decode_path(text, len, path, len + 1, &e)) {
        FUZZ_CHECK(strlen(path) <= len);
    }
    return 0;
}
