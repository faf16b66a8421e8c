/*
 * A verification, explained: what a client asks of a server's certificate, question by question,
 * with the facts that answer it. Made from a verdict (pki/verify.h) and what it was made from.
 * No I/O, no clock.
 *
 * Texts may hold bytes from certificates: whoever prints them escapes them.
 * Source: RFC 5280 §6, RFC 9525, RFC 6962; CA/Browser Forum BR
 */
#ifndef PL_INSPECT_EXPLAIN_PANEL_H
#define PL_INSPECT_EXPLAIN_PANEL_H

#include "base/list.h"
#include "pki/sct.h"
#include "pki/verify.h"

enum panel_id {
    PANEL_CHAIN,
    PANEL_SIGNATURES,
    PANEL_DATES,
    PANEL_NAME,
    PANEL_CONSTRAINTS,
    PANEL_USAGES,
    PANEL_POLICIES,
    PANEL_STRENGTH,
    PANEL_TRANSPARENCY,
    PANEL_REVOCATION,
    PANEL_COUNT,
    PANEL_DANE = PANEL_COUNT, /* none of them: made when it is asked for (explain/dane.h) */
};

enum panel_mark { PANEL_FACT, PANEL_GOOD, PANEL_BAD, PANEL_OPEN };

enum { PANEL_LINES_MAX = 48 };

struct panel {
    enum panel_id id;
    struct verify_check head; /* outcome, code, sentence, hint; its id says nothing */
    struct list lines;        /* the facts, in order */
    enum panel_mark marks[PANEL_LINES_MAX];
};

/* A set of trusted certificates, by the name that people know it by. */
struct panel_store {
    const char *name; /* "the system's roots" */
    const struct cert_list *roots;
};

/* What is explained. Everything is borrowed for the call. */
struct panel_input {
    const struct verify_input *input;
    const struct verdict *verdict;
    const struct panel_store *stores;
    size_t store_count;
    bool is_public;             /* trusted as browsers trust: the rules for the public web apply */
    const struct sct_list *tls; /* timestamps that came with the handshake; NULL: none */
};

/* Clear works on a zeroed struct. */
struct panels {
    struct panel items[PANEL_COUNT]; /* indexed by panel_id */
};
void panels_clear(struct panels *panels);

/* Fails base.oom, and nothing else: a bad certificate is what panels are for. */
bool panels_make(const struct panel_input *input, struct panels *out_panels, struct err *e)
    PL_MUST_USE;

/* Whether as many logs have promised it as browsers want; tls: as in the panels' input. */
bool panel_has_timestamps(const struct cert *leaf, const struct sct_list *tls);

const char *panel_name(enum panel_id id);     /* "signatures" */
const char *panel_question(enum panel_id id); /* "Was each certificate signed by the next one?" */
const char *panel_mark_text(enum panel_mark mark); /* "fact", "pass", "fail", "unknown" */

#endif
