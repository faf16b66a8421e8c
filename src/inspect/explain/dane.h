/*
 * The panel about DANE: what the DNS says of a server's certificate, whether DNSSEC proves it, and
 * which record fits what the server presents. No I/O: the records come from whoever asked for them.
 */
#ifndef PL_INSPECT_EXPLAIN_DANE_H
#define PL_INSPECT_EXPLAIN_DANE_H

#include "inspect/explain/panel.h"
#include "pki/dane.h"

struct dane_input {
    const char *name;     /* that was asked for: "_443._tcp.www.example.com" */
    const char *host;     /* the server's name, for a sentence */
    const char *alias_of; /* where that leads, proven, and whose records these are; "": its own */
    bool is_proven;       /* by DNSSEC: the records, or that there are none */
    bool is_forged;       /* DNSSEC says that the answer is not the owner's */
    const char *reason;   /* of that; "" */
    const struct dane_record *records;
    size_t record_count;
    const struct verify_input *input;
    const struct verdict *verdict;
};

/* out_panel is PANEL_DANE's; the caller clears its lines. Codes: verify.dane.forged,
 * verify.dane.mismatch. Fails base.oom, pki.der.encode */
bool panel_dane(const struct dane_input *in, struct panel *out_panel, struct err *e) PL_MUST_USE;

#endif
