/* keys/service: any bytes as a call. What is no call is refused; nothing signs for a key that was
 * not sealed here. */
#include "fuzz.h"

#include "keys/service.h"

#include <unistd.h>

static struct ring *open_once(void) {
    static struct ring *ring;
    char folder[] = "/tmp/padlock-fuzz-XXXXXX";
    char path[64];
    struct err e = {0};
    if (ring == NULL) {
        FUZZ_CHECK(mkdtemp(folder) != NULL);
        (void)snprintf(path, sizeof(path), "%s/sealing.key", folder);
        FUZZ_CHECK(keys_create_sealing_key(path, &e) && ring_open(path, &ring, &e));
        (void)unlink(path);
        (void)rmdir(folder);
    }
    return ring;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf answer = {.max = 2 * 1024 * 1024};
    if (fuzz_told(keys_serve(open_once(), bytes, len, &answer, &e), &e)) {
        FUZZ_CHECK(answer.len > 0 && answer.data[0] <= 1);
        /* Only making a key, and sealing a secret, need nothing that was sealed before. */
        bool needs_nothing = bytes[0] == 1 || bytes[0] == 2 || bytes[0] == 10;
        FUZZ_CHECK(answer.data[0] == 0 || needs_nothing);
    }
    return 0;
}
