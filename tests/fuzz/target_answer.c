/* http/answer: any bytes as a server's answer, whole and in two pieces. */
#include "fuzz.h"

#include "http/answer.h"

static void check(const uint8_t *bytes, size_t len, bool is_end) {
    struct answer answer;
    enum answer_result result = answer_read(bytes, len, is_end, &answer);
    FUZZ_CHECK(!is_end || result != ANSWER_MORE);
    if (result == ANSWER_WHOLE) {
        FUZZ_CHECK(answer.status >= 0 && answer.status <= 999);
        FUZZ_CHECK(answer.body >= bytes && answer.body + answer.body_len <= bytes + len);
        FUZZ_CHECK(memchr(answer.location, '\0', sizeof(answer.location)) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    check(bytes, len, true);
    check(bytes, len, false);
    check(bytes, len / 2, false);
    return 0;
}
