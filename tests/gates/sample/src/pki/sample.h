/* A clean module, in which the tests seed one defect each. Fails pki.sample.malformed, base.*. */
#ifndef PL_PKI_SAMPLE_H
#define PL_PKI_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

enum sample_state {
    SAMPLE_NEW,
    SAMPLE_OPEN,
    SAMPLE_CLOSED,
};

struct sample {
    enum sample_state state;
    size_t len;
};

const char *sample_state_text(enum sample_state state);
bool sample_read(struct sample *sample, const char *bytes, size_t len);

#endif
