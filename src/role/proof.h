/* The message "prove": which listener, asked by which name, has to present which certificate. */
#ifndef PL_ROLE_PROOF_H
#define PL_ROLE_PROOF_H

#include "ipc/channel.h"
#include "ipc/pack.h"

enum { PROOF_CERTIFICATES_MAX = 3, PROOF_ADDRESS_TEXT = 64, PROOF_HOST_TEXT = 256 };

struct proof_wish {
    uint64_t number; /* comes back with the answer */
    char address[PROOF_ADDRESS_TEXT];
    uint16_t port;
    bool is_proxied;            /* the listener wants a PROXY header first */
    char host[PROOF_HOST_TEXT]; /* "": no name is sent */
    uint8_t sha256[PROOF_CERTIFICATES_MAX][32];
    size_t sha256_count; /* any of them will do */
};

void proof_pack(const struct proof_wish *wish, struct pack_writer *w);
bool proof_read(const struct ipc_message *message, struct proof_wish *out_wish);

/* The message "proved". False when malformed. */
bool proof_read_answer(const struct ipc_message *message, uint64_t *out_number, bool *out_is_proven,
                       struct err *out_error);

#endif
