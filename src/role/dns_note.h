/* What the command line and probe tell each other of names that are to be looked up. */
#ifndef PL_ROLE_DNS_NOTE_H
#define PL_ROLE_DNS_NOTE_H

#include "ipc/pack.h"
#include "sys/dns.h"

enum {
    DNS_NOTE_ASK_MAX = DNS_ANCHOR_MAX + 4096,
    DNS_NOTE_ANSWER_MAX = DNS_DATA_MAX + 4096,
};

void dns_note_pack(const struct dns_wish *wish, struct pack_writer *w);
/* Texts are borrowed from the message. */
bool dns_note_read(const uint8_t *bytes, size_t len, struct dns_wish *out_wish) PL_MUST_USE;

void dns_note_pack_answer(const struct dns_answer *answer, struct pack_writer *w);
/* The caller clears the answer. Fails ipc.malformed, base.oom */
bool dns_note_read_answer(const uint8_t *bytes, size_t len, struct dns_answer *out_answer,
                          struct err *e) PL_MUST_USE;

#endif
