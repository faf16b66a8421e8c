/* codec/hostname: what is accepted is canonical, and stays so when typed again. */
#include "fuzz.h"

#include "base/utf8.h"
#include "codec/hostname.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *text = fuzz_string(bytes, len);
    char name[HOSTNAME_SIZE];
    char again[HOSTNAME_SIZE];
    char display[HOSTNAME_DISPLAY_SIZE];
    if (fuzz_told(hostname_from_typed(text, name, &e), &e)) {
        FUZZ_CHECK(hostname_is_valid(name) && !hostname_is_wildcard(name));
        FUZZ_CHECK(hostname_from_typed(name, again, &e) && strcmp(name, again) == 0);
        FUZZ_CHECK(hostname_matches(name, name));
        hostname_to_display(name, display);
        FUZZ_CHECK(utf8_is_valid(display, strlen(display)));
        (void)hostname_is_public_suffix(name);
        (void)hostname_is_under_public_suffix(name);
    }
    if (fuzz_told(hostname_pattern_from_typed(text, name, &e), &e)) {
        FUZZ_CHECK(hostname_is_valid_pattern(name));
        FUZZ_CHECK(hostname_pattern_from_typed(name, again, &e) && strcmp(name, again) == 0);
    }
    (void)hostname_matches(text, "www.example.com");
    (void)hostname_matches("*.example.com", text);
    return 0;
}
