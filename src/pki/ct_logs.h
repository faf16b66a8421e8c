/*
 * A list of public logs, as Chrome, Firefox and Safari go by: each log's key, who runs it, and from
 * when on it counts or counts no more.
 * Source: https://www.gstatic.com/ct/log_list/v3/log_list_schema.json; RFC 6962 §3.2
 */
#ifndef PL_PKI_CT_LOGS_H
#define PL_PKI_CT_LOGS_H

#include "base/compiler.h"
#include "base/err.h"
#include "pki/key.h"

enum { CT_LOGS_MAX = 4096, CT_LOGS_FILE_MAX = 8 * 1024 * 1024, CT_LOG_FORMER_MAX = 8 };

enum ct_log_state {
    CT_LOG_PENDING, /* asked to be counted */
    CT_LOG_QUALIFIED,
    CT_LOG_USABLE,
    CT_LOG_READONLY, /* takes nothing new, what it promised counts */
    CT_LOG_RETIRED,  /* what it promised before counts in part */
    CT_LOG_REJECTED, /* counts never */
};

/* Who ran a log before, until when. */
struct ct_log_former {
    char *operator_name;
    int64_t until_ms;
};

struct ct_log {
    uint8_t id[32]; /* SHA-256 of its public key */
    EVP_PKEY *key;
    char *name; /* "Google 'Argon2026h1' log"; its address when it has no name */
    char *operator_name;
    bool is_tiled; /* read as static-ct-api says, not by RFC 6962 */
    enum ct_log_state state;
    int64_t since_ms; /* it is in that state */
    int64_t from_ms;  /* certificates that expire from then… */
    int64_t until_ms; /* …and before then belong in it; both 0: any */
    struct ct_log_former former[CT_LOG_FORMER_MAX];
    size_t former_count;
};

struct ct_logs;

/*
 * Reads a list in JSON (version 3 of the schema). A log without a state, or with one that is not
 * known here, is one that no browser counts: it is left out.
 * Fails  codec.json.*, pki.ct_logs.malformed (names the log), base.limit, base.oom
 * Caller owns, ct_logs_free().
 */
bool ct_logs_read(const char *json, size_t len, struct ct_logs **out_logs, struct err *e)
    PL_MUST_USE;
void ct_logs_free(struct ct_logs *logs);
PL_DEFINE_FREEP(ct_logs_freep, struct ct_logs, ct_logs_free)

size_t ct_logs_count(const struct ct_logs *logs);
/* When the list was made; 0: it does not say. */
int64_t ct_logs_made_ms(const struct ct_logs *logs);
/* NULL: no such log in the list. Borrowed. */
const struct ct_log *ct_logs_find(const struct ct_logs *logs, const uint8_t id[32]);
/* Who ran it then. Borrowed. */
const char *ct_log_operator_at(const struct ct_log *log, int64_t at_ms);

#endif
