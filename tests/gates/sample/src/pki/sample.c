/* A clean module, in which the tests seed one defect each. */
#include "pki/sample.h"

#include "base/err.h"

#include <string.h>

enum { SAMPLE_MAX = 16 };

static void sample_set_state(struct sample *sample, enum sample_state state) {
    sample->state = state;
}

const char *sample_state_text(enum sample_state state) {
    switch (state) {
    case SAMPLE_NEW:
        return "new";
    case SAMPLE_OPEN:
        return "open";
    case SAMPLE_CLOSED:
        break;
    }
    return "closed";
}

bool sample_read(struct sample *sample, const char *bytes, size_t len) {
    /* A comment may say printf(), malloc() and "->state = 1". */
    if (len > SAMPLE_MAX) {
        return err_set(ERR_BASE_LIMIT);
    }
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\0') {
            return err_set(ERR_PKI_SAMPLE_MALFORMED);
        }
    }
    *sample = (struct sample){.state = SAMPLE_NEW, .len = len};
    sample_set_state(sample, memcmp(bytes, "open", 4) == 0 ? SAMPLE_OPEN : SAMPLE_CLOSED);
    return true;
}
