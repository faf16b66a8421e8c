/*
 * What a scan's facts amount to: findings, each with a sentence and what mends it, and a grade with
 * its reasons. Pure functions over the facts; no I/O.
 *
 * Source: Qualys SSL Labs, "SSL Server Rating Guide" (version 2009r): scores, weights and caps
 */
#ifndef PL_INSPECT_SCAN_JUDGE_H
#define PL_INSPECT_SCAN_JUDGE_H

#include "inspect/scan/host.h"
#include "pki/verify.h"

enum severity {
    SEVERITY_CRITICAL,
    SEVERITY_HIGH,
    SEVERITY_MEDIUM,
    SEVERITY_LOW,
    SEVERITY_INFO,
    SEVERITY_COUNT
};

/* From the best; T: not trusted, M: for other names. */
enum grade {
    GRADE_A_PLUS,
    GRADE_A,
    GRADE_A_MINUS,
    GRADE_B,
    GRADE_C,
    GRADE_D,
    GRADE_E,
    GRADE_F,
    GRADE_M,
    GRADE_T,
    GRADE_COUNT
};

enum finding_id {
#define FINDING(name, code, severity, cap, sentence, mend, elsewhere) FINDING_##name,
#include "inspect/scan/findings.def"
#undef FINDING
    FINDING_COUNT
};

struct finding_about {
    const char *code;
    enum severity severity;
    enum grade cap;
    const char *sentence;
    const char *mend;
    const char *elsewhere;
};
const struct finding_about *finding_about(enum finding_id id);

/* One chain, verified for the host that it was presented for. */
struct scan_verified {
    struct verdict verdict;
    struct err weakness; /* of the leaf's key; ERR_NONE: none */
    bool counts;         /* it was asked for by name, or there is no name to ask for */
};

enum { JUDGE_FINDINGS_MAX = FINDING_COUNT, JUDGE_DETAIL_MAX = 320 };

struct scan_finding {
    enum finding_id id;
    char detail[JUDGE_DETAIL_MAX]; /* which ones, since when; "" nothing more to say */
};

struct scan_judgement {
    struct scan_finding findings[JUDGE_FINDINGS_MAX]; /* each once; the worst first */
    size_t finding_count;
    enum grade grade;
    unsigned protocol_score; /* of 100 each, and the weighted whole */
    unsigned exchange_score;
    unsigned cipher_score;
    unsigned score;
};

/* chains: as many as the host has. HSTS is read from the host's HTTP response. */
void scan_judge(const struct scan_host *h, const struct scan_verified *chains, int64_t now_ms,
                struct scan_judgement *out);

/* Of both ways in which it was tried. */
enum answer_weakness judge_robot(const struct scan_host *h);

const char *severity_word(enum severity severity); /* "critical" */
const char *grade_word(enum grade grade);          /* "A+" */

/* A field of an HTTP response's head, its first value without spaces around; false: there is none.
 */
bool scan_head_field(const struct buf *head, const char *name, char *out, size_t size);
/* "max-age" of a Strict-Transport-Security field, in seconds; -1: there is none. */
int64_t scan_hsts_age_s(const struct buf *head);

#endif
