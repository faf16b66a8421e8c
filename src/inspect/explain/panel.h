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
#include "pki/ct.h"
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
    bool is_public; /* trusted as browsers trust: the rules for the public web apply */
    const struct ct_result *timestamps; /* of public logs, and what they are worth */
    int64_t logs_made_ms;               /* when the list of logs was made; 0: unknown */
    bool is_timestamps_broken;          /* the certificate's own list cannot be read */
};

/* Clear works on a zeroed struct. */
struct panels {
    struct panel items[PANEL_COUNT]; /* indexed by panel_id */
};
void panels_clear(struct panels *panels);

/* Fails base.oom, and nothing else: a bad certificate is what panels are for. */
bool panels_make(const struct panel_input *input, struct panels *out_panels, struct err *e)
    PL_MUST_USE;

const char *panel_name(enum panel_id id);     /* "signatures" */
const char *panel_question(enum panel_id id); /* "Was each certificate signed by the next one?" */
const char *panel_mark_text(enum panel_mark mark); /* "fact", "pass", "fail", "unknown" */

#endif
