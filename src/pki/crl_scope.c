/*
 * Which certificates a revocation list is about, and which lists go together. Pure functions.
 * Source: RFC 5280 §5.2.4, §5.2.5, §6.3.3 (b) to (d)
 */
#include "pki/crl.h"
#include "pki/openssl.h"

#include <openssl/err.h>

#include <string.h>

enum { REASON_FIRST = 1, REASON_LAST = 8 };

static unsigned reasons_of(const ASN1_BIT_STRING *flags) {
    unsigned reasons = 0;
    for (int bit = REASON_FIRST; flags != NULL && bit <= REASON_LAST; bit++) {
        reasons |= ASN1_BIT_STRING_get_bit(flags, bit) != 0 ? 1U << bit : 0U;
    }
    return flags == NULL ? CRL_REASONS_ALL : reasons;
}

/* --- names ---------------------------------------------------------------------------------------
 */

static bool has_directory_name(const GENERAL_NAMES *names, const X509_NAME *wanted) {
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DIRNAME && X509_NAME_cmp(name->d.directoryName, wanted) == 0) {
            return true;
        }
    }
    return false;
}

static bool shares_a_name(const GENERAL_NAMES *a, const GENERAL_NAMES *b) {
    for (int i = 0; i < sk_GENERAL_NAME_num(a); i++) {
        for (int j = 0; j < sk_GENERAL_NAME_num(b); j++) {
            if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(a, i), sk_GENERAL_NAME_value(b, j)) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* A name relative to an issuer's has been completed by DIST_POINT_set_dpname(). */
static const GENERAL_NAMES *full_names(const DIST_POINT_NAME *point) {
    return point->type == 0 ? point->name.fullname : NULL;
}

static bool is_same_point(const DIST_POINT_NAME *a, const DIST_POINT_NAME *b) {
    if (a->dpname != NULL && b->dpname != NULL) {
        return X509_NAME_cmp(a->dpname, b->dpname) == 0;
    }
    return (a->dpname != NULL && has_directory_name(full_names(b), a->dpname)) ||
           (b->dpname != NULL && has_directory_name(full_names(a), b->dpname)) ||
           shares_a_name(full_names(a), full_names(b));
}

/* --- one list and one of the certificate's distribution points -----------------------------------
 */

struct question {
    const struct crl *crl;
    const struct cert *cert;
    ISSUING_DIST_POINT *scope; /* of the list; NULL: it has none */
};

static const X509_NAME *first_directory_name(const GENERAL_NAMES *names) {
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DIRNAME) {
            return name->d.directoryName;
        }
    }
    return NULL;
}

/* The issuer itself, or whom the certificate names in its place, who must say that it does that. */
static bool is_from_right_issuer(const struct question *q, const DIST_POINT *point) {
    const X509_NAME *from = X509_CRL_get_issuer(q->crl->x509_crl);
    if (point != NULL && point->CRLissuer != NULL) {
        return q->scope != NULL && q->scope->indirectCRL > 0 &&
               has_directory_name(point->CRLissuer, from);
    }
    return X509_NAME_cmp(from, X509_get_issuer_name(q->cert->x509)) == 0;
}

static bool is_named_there(const struct question *q, DIST_POINT *point) {
    DIST_POINT_NAME *own = q->scope == NULL ? NULL : q->scope->distpoint;
    if (own == NULL) {
        return true;
    }
    if (point == NULL) {
        return false;
    }
    if (point->distpoint == NULL) {
        return shares_a_name(full_names(own), point->CRLissuer) ||
               (own->dpname != NULL && has_directory_name(point->CRLissuer, own->dpname));
    }
    const X509_NAME *whose = point->CRLissuer == NULL ? X509_get_issuer_name(q->cert->x509)
                                                      : first_directory_name(point->CRLissuer);
    return (point->distpoint->type == 0 || point->distpoint->dpname != NULL ||
            (whose != NULL && DIST_POINT_set_dpname(point->distpoint, whose) == 1)) &&
           is_same_point(own, point->distpoint);
}

/* Those of all points that lead to the list; without one, of a point that says nothing else. */
static unsigned reasons_by_points(const struct question *q) {
    CRL_DIST_POINTS *points =
        X509_get_ext_d2i(q->cert->x509, NID_crl_distribution_points, NULL, NULL);
    unsigned reasons = 0;
    for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
        DIST_POINT *point = sk_DIST_POINT_value(points, i);
        if (is_from_right_issuer(q, point) && is_named_there(q, point)) {
            reasons |= reasons_of(point->reasons);
        }
    }
    CRL_DIST_POINTS_free(points);
    if (reasons == 0 && is_from_right_issuer(q, NULL) && is_named_there(q, NULL)) {
        reasons = CRL_REASONS_ALL;
    }
    return reasons;
}

static bool is_of_its_kind(const struct question *q) {
    const ISSUING_DIST_POINT *scope = q->scope;
    return scope == NULL ||
           (scope->onlyattr <= 0 && (q->cert->is_ca ? scope->onlyuser : scope->onlyCA) <= 0);
}

static bool complete_own_point(const struct question *q) {
    DIST_POINT_NAME *own = q->scope == NULL ? NULL : q->scope->distpoint;
    return own == NULL || own->type == 0 ||
           DIST_POINT_set_dpname(own, X509_CRL_get_issuer(q->crl->x509_crl)) == 1;
}

unsigned crl_reasons_for(const struct crl *crl, const struct cert *cert) {
    int critical = 0;
    struct question q = {.crl = crl, .cert = cert};
    if (X509_CRL_get_ext_by_NID(crl->x509_crl, NID_issuing_distribution_point, -1) < 0 &&
        !is_from_right_issuer(&q, NULL)) {
        return 0; /* as most of many lists: nothing is decoded */
    }
    q.scope = X509_CRL_get_ext_d2i(crl->x509_crl, NID_issuing_distribution_point, &critical, NULL);
    unsigned reasons = 0;
    if ((q.scope != NULL || critical == -1) && is_of_its_kind(&q) && complete_own_point(&q)) {
        reasons = reasons_by_points(&q) &
                  (q.scope == NULL ? CRL_REASONS_ALL : reasons_of(q.scope->onlysomereasons));
    }
    ISSUING_DIST_POINT_free(q.scope);
    ERR_clear_error();
    return reasons;
}

bool crl_covers_cert(const struct crl *crl, const struct cert *cert) {
    return !crl->is_delta && crl_reasons_for(crl, cert) == CRL_REASONS_ALL;
}

/* --- deltas --------------------------------------------------------------------------------------
 */

static bool has_same_extension(const struct crl *a, const struct crl *b, int nid) {
    int at_a = X509_CRL_get_ext_by_NID(a->x509_crl, nid, -1);
    int at_b = X509_CRL_get_ext_by_NID(b->x509_crl, nid, -1);
    if (at_a < 0 || at_b < 0) {
        return at_a < 0 && at_b < 0;
    }
    return ASN1_OCTET_STRING_cmp(X509_EXTENSION_get_data(X509_CRL_get_ext(a->x509_crl, at_a)),
                                 X509_EXTENSION_get_data(X509_CRL_get_ext(b->x509_crl, at_b))) == 0;
}

/* Of numbers in hexadecimal. */
static int compare_numbers(const char *a, const char *b) {
    a += strspn(a, "0");
    b += strspn(b, "0");
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    return a_len == b_len ? strcmp(a, b) : a_len < b_len ? -1 : 1;
}

int crl_compare_numbers(const struct crl *a, const struct crl *b) {
    return compare_numbers(a->number, b->number);
}

bool crl_is_delta_of(const struct crl *delta, const struct crl *base) {
    return delta->is_delta && !base->is_delta && delta->number[0] != '\0' &&
           delta->base_number[0] != '\0' && base->number[0] != '\0' &&
           X509_NAME_cmp(X509_CRL_get_issuer(delta->x509_crl),
                         X509_CRL_get_issuer(base->x509_crl)) == 0 &&
           has_same_extension(delta, base, NID_issuing_distribution_point) &&
           has_same_extension(delta, base, NID_authority_key_identifier) &&
           compare_numbers(base->number, delta->base_number) >= 0 &&
           compare_numbers(base->number, delta->number) < 0;
}
