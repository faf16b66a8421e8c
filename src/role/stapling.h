/* What control and probe tell each other of OCSP responses that are to be fetched. */
#ifndef PL_ROLE_STAPLING_H
#define PL_ROLE_STAPLING_H

#include "ipc/pack.h"

enum {
    STAPLING_CERT_MAX = 256 * 1024,
    STAPLING_URL_MAX = 2048,
    STAPLING_DER_MAX = 128 * 1024,
    STAPLING_ASK_MAX = 2 * STAPLING_CERT_MAX + 4096,
    STAPLING_ANSWER_MAX = STAPLING_DER_MAX + 8192,
};

/* All borrowed. */
struct stapling_wish {
    uint64_t number;
    const char *url;
    const uint8_t *cert;
    size_t cert_len;
    const uint8_t *issuer;
    size_t issuer_len;
};
void stapling_pack(const struct stapling_wish *wish, struct pack_writer *w);
bool stapling_read(const uint8_t *bytes, size_t len, struct stapling_wish *out_wish) PL_MUST_USE;

struct stapling_answer {
    uint64_t number;
    const uint8_t *der; /* borrowed, unread; NULL: error says why there is none */
    size_t der_len;
    struct err error;
};
void stapling_pack_answer(const struct stapling_answer *answer, struct pack_writer *w);
bool stapling_read_answer(const uint8_t *bytes, size_t len, struct stapling_answer *out_answer)
    PL_MUST_USE;

#endif
