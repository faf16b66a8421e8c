/*
 * The path to a trusted authority, by OpenSSL, and what its objections mean.
 *
 * Every objection is collected and the search goes on, so that one fault does not hide another.
 * Limits: CHAIN_MAX certificates a path, VERIFY_FINDINGS_MAX objections.
 */
#include "pki/verify_checks.h"

#include "base/clock.h"
#include "pki/chain.h"
#include "pki/openssl.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <stdio.h>
#include <string.h>

/* --- the search --- */

PL_DEFINE_FREEP(x509_store_freep, X509_STORE, X509_STORE_free)
PL_DEFINE_FREEP(x509_store_ctx_freep, X509_STORE_CTX, X509_STORE_CTX_free)
static void x509_stack_free(STACK_OF(X509) * stack) {
    sk_X509_free(stack); /* borrows its certificates */
}
PL_DEFINE_FREEP(x509_stack_freep, STACK_OF(X509), x509_stack_free)

static bool out_of_memory(struct err *e) {
    return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
}

static bool is_name_of(const X509 *anchor, const X509 *cert) {
    const X509_NAME *name = X509_get_subject_name(anchor);
    return X509_NAME_cmp(name, X509_get_issuer_name(cert)) == 0 ||
           X509_NAME_cmp(name, X509_get_subject_name(cert)) == 0;
}

static bool is_named(const X509 *anchor, const struct cert_list *certs) {
    for (size_t i = 0; certs != NULL && i < certs->count; i++) {
        if (is_name_of(anchor, certs->items[i]->x509)) {
            return true;
        }
    }
    return false;
}

/*
 * Only those that a path can come to: that a certificate names, or an anchor that is there already.
 * To sort all of a system's roots into a store takes longer than the rest of a verification.
 */
static bool add_anchors(X509_STORE *store, const struct verify_input *input, struct err *e) {
    const struct cert_list *anchors = input->anchors;
    PL_AUTO(cert_list_clear) struct cert_list added = {0};
    size_t count = 0;
    if (anchors == NULL) {
        return true;
    }
    do {
        count = added.count;
        for (size_t i = 0; i < anchors->count; i++) {
            struct cert *anchor = anchors->items[i];
            bool is_wanted =
                is_name_of(anchor->x509, input->leaf->x509) || is_named(anchor->x509, &added) ||
                is_named(anchor->x509, input->presented) || is_named(anchor->x509, input->issuers);
            if (!is_wanted || cert_list_has(&added, anchor)) {
                continue;
            }
            if (X509_STORE_add_cert(store, anchor->x509) != 1) {
                return out_of_memory(e);
            }
            if (!cert_list_add(&added, anchor, e)) {
                return false;
            }
        }
    } while (added.count > count);
    return true;
}

static bool push(STACK_OF(X509) * stack, const struct cert_list *certs, struct err *e) {
    for (size_t i = 0; certs != NULL && i < certs->count; i++) {
        if (sk_X509_push(stack, certs->items[i]->x509) <= 0) {
            return out_of_memory(e);
        }
    }
    return true;
}

/*
 * OpenSSL takes the first issuer whose name fits and does not try another when its signature does
 * not: those whose signatures do come first.
 */
static bool push_presented(STACK_OF(X509) * stack, const struct verify_input *input,
                           struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list pool = {0};
    PL_AUTO(cert_list_clear) struct cert_list chain = {0};
    return (input->presented == NULL || cert_list_append(&pool, input->presented, e)) &&
           (input->issuers == NULL || cert_list_append(&pool, input->issuers, e)) &&
           (pool.count == 0 ||
            chain_build_to(input->leaf, &pool, input->anchors, input->at_ms, &chain, e)) &&
           push(stack, &chain, e) && push(stack, &pool, e);
}

/* What the callbacks of a search know. */
struct search {
    const struct verify_input *input;
    struct verify_findings *findings;
    X509_STORE_CTX_verify_fn usual; /* how OpenSSL checks the path's signatures */
};

/* By pointer: a path holds the input's own. */
static struct cert *find_in(const struct cert_list *list, const X509 *x509) {
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        if (list->items[i]->x509 == x509) {
            return list->items[i];
        }
    }
    return NULL;
}

static struct cert *find_cert(const struct verify_input *input, const X509 *x509) {
    struct cert *cert = x509 == input->leaf->x509 ? input->leaf : find_in(input->anchors, x509);
    cert = cert != NULL ? cert : find_in(input->presented, x509);
    cert = cert != NULL ? cert : find_in(input->issuers, x509);
    PL_BUG_UNLESS(cert != NULL); /* all certificates of a path came from the input */
    return cert;
}

static void add_finding(struct verify_findings *findings, int error, int depth) {
    if (findings->count < VERIFY_FINDINGS_MAX) {
        findings->items[findings->count++] = (struct verify_finding){error, depth};
    }
}

static int collect(int is_fine, X509_STORE_CTX *context) {
    if (is_fine == 0) {
        const struct search *search = X509_STORE_CTX_get_app_data(context);
        add_finding(search->findings, X509_STORE_CTX_get_error(context),
                    X509_STORE_CTX_get_error_depth(context));
    }
    return 1;
}

/* As OpenSSL has it: also a date that it cannot read is an objection. */
static bool is_valid_at(const X509 *x509, int64_t at_ms) {
    time_t at = (time_t)(at_ms / CLOCK_SECOND_MS);
    return X509_cmp_time(X509_get0_notBefore(x509), &at) < 0 &&
           X509_cmp_time(X509_get0_notAfter(x509), &at) > 0;
}

/*
 * A path that is valid at the time and all of whose signatures are right, each by a key that may
 * sign certificates, has nothing for OpenSSL to object to. Signatures that were checked before are
 * not checked again: authorities stand in many chains.
 */
static int check_signatures(X509_STORE_CTX *context) {
    const struct search *search = X509_STORE_CTX_get_app_data(context);
    const STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(context);
    for (int i = 0; i < sk_X509_num(path); i++) {
        if (!is_valid_at(sk_X509_value(path, i), search->input->at_ms)) {
            return search->usual(context);
        }
    }
    for (int i = 0; i + 1 < sk_X509_num(path); i++) {
        X509 *issuer = sk_X509_value(path, i + 1);
        if ((X509_get_key_usage(issuer) & KU_KEY_CERT_SIGN) == 0 ||
            !cert_is_issued_by(find_cert(search->input, sk_X509_value(path, i)),
                               find_cert(search->input, issuer))) {
            return search->usual(context);
        }
    }
    return sk_X509_num(path) > 1 ? 1 : search->usual(context);
}

static bool prepare(X509_STORE_CTX *context, struct search *search) {
    int64_t at_ms = search->input->at_ms;
    if (X509_STORE_CTX_set_default(context, "ssl_server") != 1) {
        return false;
    }
    X509_VERIFY_PARAM *how = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(how, (time_t)(at_ms / CLOCK_SECOND_MS));
    X509_VERIFY_PARAM_set_depth(how, CHAIN_MAX - 2);
    X509_VERIFY_PARAM_set_auth_level(how, 0); /* weak keys and hashes are the signature check's */
    X509_STORE_CTX_set_verify_cb(context, collect);
    search->usual = X509_STORE_CTX_get_verify(context);
    X509_STORE_CTX_set_verify(context, check_signatures);
    /* any policy will do, where an issuer demands that there is one; the object is a constant */
    if (X509_VERIFY_PARAM_add0_policy(how, OBJ_nid2obj(NID_any_policy)) != 1) {
        return false;
    }
    return X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST |
                                                X509_V_FLAG_POLICY_CHECK) == 1 &&
           X509_STORE_CTX_set_app_data(context, search) == 1;
}

static bool copy_path(const struct verify_input *input, const STACK_OF(X509) * path,
                      struct cert_list *out_chain, struct err *e) {
    if (!cert_list_add(out_chain, input->leaf, e)) {
        return false;
    }
    for (int i = 1; i < sk_X509_num(path); i++) {
        if (!cert_list_add(out_chain, find_cert(input, sk_X509_value(path, i)), e)) {
            return false;
        }
    }
    return true;
}

bool verify_find_path(const struct verify_input *input, struct cert_list *out_chain,
                      struct verify_findings *out_findings, struct err *e) {
    PL_AUTO(x509_store_freep) X509_STORE *store = X509_STORE_new();
    PL_AUTO(x509_stack_freep) STACK_OF(X509) *presented = sk_X509_new_null();
    PL_AUTO(x509_store_ctx_freep) X509_STORE_CTX *context = X509_STORE_CTX_new();
    struct search search = {.input = input, .findings = out_findings};
    if (store == NULL || presented == NULL || context == NULL) {
        return out_of_memory(e);
    }
    if (!add_anchors(store, input, e) || !push_presented(presented, input, e)) {
        return false;
    }
    if (X509_STORE_CTX_init(context, store, input->leaf->x509, presented) != 1 ||
        !prepare(context, &search)) {
        return out_of_memory(e);
    }
    if (X509_verify_cert(context) != 1) {
        int error = X509_STORE_CTX_get_error(context);
        if (error == X509_V_ERR_OUT_OF_MEM) {
            return out_of_memory(e);
        }
        add_finding(out_findings, error, 0);
    }
    ERR_clear_error();
    return copy_path(input, X509_STORE_CTX_get0_chain(context), out_chain, e);
}

/* --- what the objections mean --- */

/* What a sentence is made of. */
struct objection {
    const struct verify_input *input;
    const struct cert_list *chain;
    int error;
    const struct cert *cert; /* that OpenSSL objected to */
    bool is_leaf;
    struct verify_check *check;
};

static void tell_bad_signature(const struct objection *o) {
    verify_fail(o->check, ERR_VERIFY_BAD_SIGNATURE,
                "the path of trust is broken: the signature on \"%s\" is not its issuer's",
                cert_display_name(o->cert));
}

static void tell_self_signed(const struct objection *o) {
    verify_fail(o->check, ERR_VERIFY_SELF_SIGNED,
                "signed by its own key, and not among the trusted certificates");
    verify_hint(o->check, "get a certificate from an authority that the clients trust");
}

static void tell_untrusted_root(const struct objection *o) {
    const struct cert *top = o->chain->items[o->chain->count - 1];
    verify_fail(o->check, ERR_VERIFY_UNTRUSTED, "the chain ends in \"%s\", which is not trusted",
                cert_display_name(top));
    verify_hint(o->check, "if it is your own authority, add its root to the trusted certificates");
}

static struct cert *find_issuer(const struct cert_list *list, const struct cert *cert) {
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        if (!cert_equal(list->items[i], cert) && cert_is_issued_by(cert, list->items[i])) {
            return list->items[i];
        }
    }
    return NULL;
}

/* The issuer is there, and OpenSSL would not have it for its key identifier. */
static void tell_unfit_issuer(const struct objection *o, const struct cert *top,
                              const struct cert *issuer) {
    verify_fail(o->check, ERR_VERIFY_MALFORMED,
                "\"%s\" asks for an issuer with another key identifier than \"%s\" has",
                cert_display_name(top), cert_display_name(issuer));
    verify_hint(o->check, "serve the issuer's certificate that has the key identifier named");
}

static void tell_missing_issuer(const struct objection *o) {
    const struct cert *top = o->chain->items[o->chain->count - 1];
    const struct cert *unfit = find_issuer(o->input->anchors, top);
    unfit = unfit != NULL ? unfit : find_issuer(o->input->presented, top);
    const struct cert *known = find_issuer(o->input->known, top);
    if (unfit != NULL) {
        tell_unfit_issuer(o, top, unfit);
    } else if (known != NULL && !known->is_self_signed) {
        verify_fail(o->check, ERR_VERIFY_INCOMPLETE_CHAIN,
                    "the intermediate certificate \"%s\" was not presented",
                    cert_display_name(known));
        verify_hint(o->check, "serve the certificate together with the chain of its issuers");
    } else if (o->chain->count == 1 && known == NULL) {
        verify_fail(o->check, ERR_VERIFY_INCOMPLETE_CHAIN,
                    "the certificate of its issuer \"%s\" was not presented and is not trusted",
                    cert_issuer_display_name(top));
        verify_hint(o->check, "serve the certificate together with the chain of its issuers");
    } else {
        verify_fail(o->check, ERR_VERIFY_UNTRUSTED,
                    "the chain ends at \"%s\", whose issuer \"%s\" is not trusted",
                    cert_display_name(top), cert_issuer_display_name(top));
        verify_hint(o->check,
                    "if it is your own authority, add its root to the trusted certificates");
    }
}

static void tell_not_a_ca(const struct objection *o) {
    verify_fail(o->check, ERR_VERIFY_NOT_A_CA, "\"%s\" issued a certificate of the chain, but %s",
                cert_display_name(o->cert),
                o->cert->is_ca ? "its key is not for signing certificates"
                               : "is no certificate authority");
}

static void tell_path_length(const struct objection *o) {
    verify_fail(o->check, ERR_VERIFY_PATH_LENGTH,
                "there are more authorities in the chain than \"%s\" allows",
                cert_display_name(o->chain->items[o->chain->count - 1]));
}

/* "TLS Web Client Authentication, E-mail Protection"; "" when there is no such extension. */
static void name_usages(const struct cert *cert, char *out, size_t size) {
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(cert->x509, NID_ext_key_usage, NULL, NULL);
    size_t len = 0;
    out[0] = '\0';
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages) && len < size; i++) {
        char name[80];
        (void)OBJ_obj2txt(name, sizeof(name), sk_ASN1_OBJECT_value(usages, i), 0);
        int more = snprintf(out + len, size - len, "%s%s", i > 0 ? ", " : "", name);
        len += more > 0 ? (size_t)more : 0;
    }
    EXTENDED_KEY_USAGE_free(usages);
}

static void tell_wrong_usage(const struct objection *o) {
    char usages[256];
    name_usages(o->cert, usages, sizeof(usages));
    const char *name = cert_display_name(o->cert);
    bool has_usages = usages[0] != '\0' && strstr(usages, "TLS Web Server") == NULL;
    if (!o->is_leaf) {
        verify_fail(o->check, ERR_VERIFY_WRONG_USAGE,
                    "its issuer \"%s\" is not for certificates of servers", name);
    } else if (has_usages) {
        verify_fail(o->check, ERR_VERIFY_WRONG_USAGE, "not for servers, but for: %s", usages);
    } else {
        verify_fail(o->check, ERR_VERIFY_WRONG_USAGE,
                    "its key usage does not let a server prove that it has the key");
    }
    verify_hint(o->check, "ask for a certificate for TLS servers");
}

static void tell_name_constraints(const struct objection *o) {
    for (size_t i = 1; i < o->chain->count; i++) {
        const struct cert *issuer = o->chain->items[i];
        if (X509_get_ext_by_NID(issuer->x509, NID_name_constraints, -1) >= 0) {
            verify_fail(o->check, ERR_VERIFY_NAME_CONSTRAINTS,
                        "\"%s\" may certify certain names only, and not those of \"%s\"",
                        cert_display_name(issuer), cert_display_name(o->cert));
            return;
        }
    }
    verify_fail(o->check, ERR_VERIFY_NAME_CONSTRAINTS,
                "an issuer may certify certain names only, and not those of \"%s\"",
                cert_display_name(o->cert));
}

static void tell_critical_extension(const struct objection *o) {
    verify_fail(o->check, ERR_VERIFY_CRITICAL_EXTENSION,
                "\"%s\" has a critical extension that clients do not know",
                cert_display_name(o->cert));
}

static void tell_policy(const struct objection *o) {
    verify_fail(
        o->check, ERR_VERIFY_POLICY,
        "an issuer in the chain wants a certificate policy that does not reach down to \"%s\"",
        cert_display_name(o->chain->items[0]));
}

static void tell_malformed(const struct objection *o) {
    verify_fail(o->check, ERR_VERIFY_MALFORMED, "\"%s\" breaks the rules for certificates: %s",
                cert_display_name(o->cert), X509_verify_cert_error_string(o->error));
}

/* The first that was found is told: what makes the rest meaningless comes first. */
static const struct {
    int error;
    void (*tell)(const struct objection *objection);
} meanings[] = {
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, tell_bad_signature},
    {X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, tell_bad_signature},
    {X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, tell_bad_signature},
    {X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM, tell_bad_signature},
    {X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH, tell_bad_signature},
    {X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY, tell_bad_signature},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, tell_self_signed},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, tell_untrusted_root},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, tell_missing_issuer},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, tell_missing_issuer},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, tell_missing_issuer},
    {X509_V_ERR_CERT_UNTRUSTED, tell_untrusted_root},
    {X509_V_ERR_CERT_REJECTED, tell_untrusted_root},
    {X509_V_ERR_INVALID_CA, tell_not_a_ca},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, tell_not_a_ca},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, tell_path_length},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, tell_path_length},
    {X509_V_ERR_INVALID_PURPOSE, tell_wrong_usage},
    {X509_V_ERR_PERMITTED_VIOLATION, tell_name_constraints},
    {X509_V_ERR_EXCLUDED_VIOLATION, tell_name_constraints},
    {X509_V_ERR_SUBTREE_MINMAX, tell_name_constraints},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, tell_name_constraints},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, tell_name_constraints},
    {X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, tell_name_constraints},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, tell_critical_extension},
    {X509_V_ERR_NO_EXPLICIT_POLICY, tell_policy},
    {X509_V_ERR_INVALID_POLICY_EXTENSION, tell_policy},
};

static bool is_about_dates(int error) {
    return error == X509_V_ERR_CERT_NOT_YET_VALID || error == X509_V_ERR_CERT_HAS_EXPIRED;
}

/* What is told of every objection; the first is the check's. */
struct telling {
    const struct verify_input *input;
    const struct cert_list *chain;
    struct verify_check *check;
    struct verify_faults *faults;
};

static void tell(const struct telling *telling, const struct verify_finding *finding,
                 void (*tell_it)(const struct objection *)) {
    const struct cert_list *chain = telling->chain;
    struct verify_check fault = {.id = VERIFY_TRUST};
    size_t depth = finding->depth >= 0 ? (size_t)finding->depth : 0;
    depth = depth < chain->count ? depth : chain->count - 1;
    tell_it(&(struct objection){.input = telling->input,
                                .chain = chain,
                                .error = finding->error,
                                .cert = chain->items[depth],
                                .is_leaf = depth == 0,
                                .check = &fault});
    if (telling->check->outcome != VERIFY_FAIL) {
        *telling->check = fault;
    }
    verify_add_fault(telling->faults, &fault);
}

static bool has_meaning(int error) {
    for (size_t m = 0; m < PL_ARRAY_LEN(meanings); m++) {
        if (meanings[m].error == error) {
            return true;
        }
    }
    return is_about_dates(error);
}

static void tell_objections(const struct telling *telling, const struct verify_findings *findings) {
    for (size_t m = 0; m < PL_ARRAY_LEN(meanings); m++) {
        for (size_t i = 0; i < findings->count; i++) {
            if (findings->items[i].error == meanings[m].error) {
                tell(telling, &findings->items[i], meanings[m].tell);
            }
        }
    }
    for (size_t i = 0; i < findings->count; i++) {
        if (!has_meaning(findings->items[i].error)) {
            tell(telling, &findings->items[i], tell_malformed);
        }
    }
}

static void check_authority_as_leaf(const struct verify_input *input, struct verify_check *check,
                                    struct verify_faults *faults) {
    struct verify_check fault = {.id = VERIFY_TRUST};
    if (!input->leaf->is_ca) {
        return;
    }
    verify_fail(&fault, ERR_VERIFY_CA_AS_LEAF,
                "the certificate is a certificate authority's, not a server's");
    verify_hint(&fault, "let the authority issue a certificate for the server");
    if (check->outcome != VERIFY_FAIL) {
        *check = fault;
    }
    verify_add_fault(faults, &fault);
}

void verify_check_trust(const struct verify_input *input, const struct cert_list *chain,
                        const struct verify_findings *findings, struct verify_check *check,
                        struct verify_faults *faults) {
    const struct telling telling = {
        .input = input, .chain = chain, .check = check, .faults = faults};
    tell_objections(&telling, findings);
    check_authority_as_leaf(input, check, faults);
    if (check->outcome == VERIFY_FAIL) {
        return;
    }
    const char *issuer = chain->count > 1 ? cert_display_name(chain->items[1]) : NULL;
    if (chain->count == 1) {
        verify_pass(check, "the certificate itself is among the trusted ones");
    } else if (chain->count == 2) {
        verify_pass(check, "issued by \"%s\", which is trusted", issuer);
    } else {
        verify_pass(check, "issued by \"%s\", trusted through \"%s\"", issuer,
                    cert_display_name(chain->items[chain->count - 1]));
    }
}
