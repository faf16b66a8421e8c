/* Private to pki/verify*.c: the parts of a verification. */
#ifndef PL_PKI_VERIFY_CHECKS_H
#define PL_PKI_VERIFY_CHECKS_H

#include "pki/verify.h"

/* Each writes one check. */
void verify_pass(struct verify_check *check, const char *format, ...) PL_PRINTF(2, 3);
void verify_fail(struct verify_check *check, enum err_code code, const char *format, ...)
    PL_PRINTF(3, 4);
void verify_unknown(struct verify_check *check, enum err_code code, const char *format, ...)
    PL_PRINTF(3, 4);
void verify_hint(struct verify_check *check, const char *hint);

/* Room for what OpenSSL objected to on one path. */
enum { VERIFY_FINDINGS_MAX = 64 };

struct verify_finding {
    int error; /* X509_V_ERR_… */
    int depth; /* 0: the leaf */
};

struct verify_findings {
    struct verify_finding items[VERIFY_FINDINGS_MAX];
    size_t count;
};

/* Builds the path at the date and collects all objections to it. Fails base.oom. */
bool verify_find_path(const struct verify_input *input, struct cert_list *out_chain,
                      struct verify_findings *out_findings, struct err *e) PL_MUST_USE;

/* Keeps a failed check among the faults, unless one with its code is there or it did not fail. */
void verify_add_fault(struct verify_faults *faults, const struct verify_check *check);

/* These two tell their first fault in the check and add all of them to faults. */
void verify_check_trust(const struct verify_input *input, const struct cert_list *chain,
                        const struct verify_findings *findings, struct verify_check *check,
                        struct verify_faults *faults);
void verify_check_signature(const struct verify_input *input, const struct cert_list *chain,
                            struct verify_check *check, struct verify_faults *faults);
/* Fails base.oom. */
bool verify_check_revocation(const struct verify_input *input, const struct cert_list *chain,
                             struct verify_check *check, struct err *e) PL_MUST_USE;

/* Of a revocation list; borrowed. NULL: nobody who is known and trusted. */
struct verify_signer {
    const struct cert *cert;
};
/* issuer: of the certificate that the list is about. Fails base.oom. */
bool verify_find_signer(const struct verify_input *input, const struct cert_list *chain,
                        const struct cert *issuer, const struct crl *crl,
                        struct verify_signer *out_signer, struct err *e) PL_MUST_USE;

/* Fails base.oom. */
bool verify_check_presentation(const struct verify_input *input, const struct cert_list *chain,
                               struct verify_presentation *presentation, struct err *e) PL_MUST_USE;

#endif
