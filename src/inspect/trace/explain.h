/*
 * What is said about a handshake: the article's nine steps as they are today, and for each message
 * why it is there, who can read it, and what an attacker cannot do. Pure tables of texts.
 */
#ifndef PL_INSPECT_TRACE_EXPLAIN_H
#define PL_INSPECT_TRACE_EXPLAIN_H

#include "inspect/trace/record.h"

enum { EXPLAIN_STEPS = 9 };

struct explain_step {
    const char *title;
    const char *article; /* what the article says, in a sentence */
    const char *text;    /* what happens in a handshake of this kind */
};

/* number 1…EXPLAIN_STEPS; by what was agreed. */
struct explain_step explain_step(const struct trace_facts *facts, unsigned number);

struct explain_message {
    const char *why;
    const char *attacker; /* "" when nothing is to be said */
};
struct explain_message explain_message(const struct trace_facts *facts,
                                       const struct trace_message *message);
/* Who can read it. */
const char *explain_readers(const struct trace_facts *facts, const struct trace_message *message);
/* "ClientHello", "HelloRetryRequest", "Alert: close_notify", "Application data". */
const char *explain_name(const struct trace_message *message);

/* The whole in a sentence or two: what this kind of handshake protects from. */
const char *explain_lesson(const struct trace_facts *facts);

/* "HKDF-Extract", "PRF (TLS 1.2)": how a secret is made. */
const char *explain_operation(enum trace_operation operation);
/* The same as a word for programs: "hkdf-extract". */
const char *explain_operation_word(enum trace_operation operation);

#endif
