/* Completing a request: the certificate in the file whose key waits here, or the exact reason why
 * none does. */
#include "ops/install.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/hostname.h"
#include "ops/certs.h"
#include "ops/context.h"
#include "pki/chain.h"
#include "pki/detect.h"
#include "store/requests.h"

#include <stdio.h>
#include <string.h>

/* What was found for one certificate of the file. */
struct match {
    struct cert *cert; /* borrowed */
    struct request_row *request;
    struct id key_id;
};

static void match_clear(struct match *match) {
    request_row_free(match->request);
    *match = (struct match){0};
}

static bool match_one(struct ops *ops, struct cert *cert, struct match *out, bool *out_is_match,
                      struct err *e) {
    PL_AUTO(key_row_freep) struct key_row *key = NULL;
    PL_AUTO(request_row_freep) struct request_row *request = NULL;
    if (!store_key_find_spki(ops->store, cert->spki_sha256, &key, e) ||
        !store_request_find_pending(ops->store, cert->spki_sha256, &request, e)) {
        return false;
    }
    *out_is_match = key != NULL && !cert->is_ca;
    if (*out_is_match) {
        *out = (struct match){.cert = cert, .request = PL_TAKE(request), .key_id = key->id};
    }
    return true;
}

/* Of several the one that ends last. */
static bool find_match(struct ops *ops, const struct cert_list *certs, struct match *out,
                       struct err *e) {
    for (size_t i = 0; i < certs->count; i++) {
        PL_AUTO(match_clear) struct match match = {0};
        bool is_match = false;
        if (!match_one(ops, certs->items[i], &match, &is_match, e)) {
            return false;
        }
        if (is_match && (out->cert == NULL || match.cert->not_after_ms > out->cert->not_after_ms)) {
            match_clear(out);
            *out = match;
            match = (struct match){0};
        }
    }
    return true;
}

static bool no_certificate(const struct detected *detected, struct err *e) {
    (void)err_set(e, ERR_OPS_INSTALL_NOT_CERTIFICATE, "it holds no certificate: it is %.300s",
                  detected->description);
    enum sniff_kind kind = detected->items[0].kind;
    if (kind == SNIFF_REQUEST) {
        return err_hint(e, "hand it to a CA (\"padlock ca submit\"), and install what comes "
                           "back");
    }
    if (kind == SNIFF_PKCS12) {
        return err_hint(e, "it is opened with \"padlock cert import\", which asks for its "
                           "password");
    }
    if (kind == SNIFF_PRIVATE_KEY || kind == SNIFF_ENCRYPTED_PRIVATE_KEY) {
        return err_hint(e, "\"padlock cert import\" takes a file with key and certificate");
    }
    return err_hint(e, "\"padlock inspect\" tells more of it");
}

static bool shares_name(const struct request_row *request, const struct cert *cert) {
    for (size_t i = 0; i < request->names.count; i++) {
        for (size_t k = 0; k < cert->sans.count; k++) {
            if (str_equal_nocase(request->names.items[i], cert->sans.items[k].text)) {
                return true;
            }
        }
    }
    return false;
}

/* A pending request for one of the certificate's names, so that the other key can be told. */
static bool find_same_name(struct ops *ops, const struct cert *cert, char out_id[ID_SHORT_LEN + 1],
                           struct err *e) {
    static const enum request_state pending = REQUEST_PENDING;
    const struct request_filter filter = {.state = &pending};
    const struct page page = {.limit = STORE_PAGE_MAX, .is_descending = true};
    PL_AUTO(request_rows_clear) struct request_rows rows = {0};
    out_id[0] = '\0';
    if (!store_request_list(ops->store, &filter, &page, &rows, e)) {
        return false;
    }
    for (size_t i = 0; i < rows.count && out_id[0] == '\0'; i++) {
        if (shares_name(rows.items[i], cert)) {
            id_format_short(&rows.items[i]->id, out_id);
        }
    }
    return true;
}

/* Self-made server certificates often say CA:TRUE (openssl req -x509 does by default). */
static bool is_meant_for_server(const struct cert *cert) {
    const char *name = cert_display_name(cert);
    bool has_host_name = hostname_is_valid(name) && !hostname_is_single_label(name);
    return cert->is_self_signed && (cert->sans.count > 0 || has_host_name);
}

/* None of the certificates has its key here: why, in the words of the one that matters most. */
static bool explain_no_key(struct ops *ops, const struct detected *detected, struct err *e) {
    const struct cert *leaf = chain_find_leaf(&detected->certs, NULL);
    char request_id[ID_SHORT_LEN + 1];
    if (leaf->is_ca && !is_meant_for_server(leaf)) {
        (void)err_set(e, ERR_OPS_INSTALL_IS_CA,
                      "\"%.200s\" is a CA's certificate, not a "
                      "server's",
                      cert_display_name(leaf));
        return err_hint(
            e, "it belongs into the chain; install the server certificate, the chain comes "
               "along");
    }
    if (!find_same_name(ops, leaf, request_id, e)) {
        return false;
    }
    if (request_id[0] != '\0') {
        (void)err_set(
            e, ERR_OPS_INSTALL_OTHER_KEY,
            "it was made for another key than that of the pending request %s for the same name",
            request_id);
        return err_hint(e,
                        "submit that request's own CSR: \"padlock request csr "
                        "%s\"",
                        request_id);
    }
    if (leaf->is_self_signed) {
        (void)err_set(e, ERR_OPS_INSTALL_SELF_SIGNED,
                      "it is self-signed, and its private key is not in this store");
        return err_hint(e, "import the .pfx that has its key, or request a certificate here");
    }
    (void)err_set(e, ERR_PKI_KEY_MISSING, "the private key for it is not in this store");
    return err_hint(e,
                    "its request was made elsewhere; import the .pfx from there, or run \"padlock "
                    "inspect\" on the file");
}

static bool check_new(struct ops *ops, const struct cert *cert, struct err *e) {
    PL_AUTO(cert_row_freep) struct cert_row *there = NULL;
    if (!store_cert_find_sha256(ops->store, cert->sha256, &there, e)) {
        return false;
    }
    if (there == NULL) {
        return true;
    }
    (void)err_set(e, ERR_OPS_INSTALL_THERE, "it is installed already, as \"%.200s\"",
                  there->friendly_name);
    return err_hint(e, "nothing is left to do; \"padlock bind add\" serves it");
}

static bool check_dates(const struct cert *cert, struct list *notes, struct err *e) {
    char day[11];
    int64_t now_ms = clock_now_ms();
    if (cert->not_after_ms < now_ms) {
        clock_format_day(cert->not_after_ms, day);
        (void)err_set(e, ERR_OPS_INSTALL_EXPIRED, "it expired on %s", day);
        return err_hint(
            e, "get a new one for the same request: \"padlock request csr\" prints its CSR");
    }
    clock_format_day(cert->not_before_ms, day);
    return cert->not_before_ms <= now_ms ||
           list_printf(notes, e, "it is not valid before %s: bind it then, not earlier", day);
}

static bool finish_request(struct ops *ops, struct request_row *request, const struct id *cert_id,
                           struct err *e) {
    if (request == NULL) {
        return true;
    }
    request->cert_id = *cert_id;
    return request_set_state(request, REQUEST_INSTALLED, e) &&
           store_request_update(ops->store, request, e);
}

static bool record(struct ops *ops, struct match *match, const struct detected *detected,
                   const char *friendly_name, struct list *notes, struct cert_row **out_row,
                   struct err *e) {
    const char *request_name = match->request == NULL || match->request->friendly_name[0] == '\0'
                                   ? NULL
                                   : match->request->friendly_name;
    const struct cert_wish wish = {
        .certificate = match->cert,
        .pool = &detected->certs,
        .friendly_name = friendly_name != NULL ? friendly_name : request_name,
        .key_id = match->key_id,
        .request_id = match->request == NULL ? ID_NONE : match->request->id,
    };
    char title[OPERATION_TITLE_MAX];
    (void)snprintf(title, sizeof(title), "cert install %.400s",
                   wish.friendly_name != NULL ? wish.friendly_name
                                              : cert_display_name(match->cert));
    struct id id;
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, title, true, e) && ops_cert_insert(ops, &wish, &id, notes, e) &&
           finish_request(ops, match->request, &id, e) &&
           ops_audit(ops, "cert.install", "cert", &id, title, e) &&
           store_cert_get(ops->store, &id, out_row, e) && ops_end(ops, &op, e);
}

static bool add_notes(struct list *notes, const struct list *more, struct err *e) {
    for (size_t i = 0; i < more->count; i++) {
        if (!list_add(notes, more->items[i], e)) {
            return false;
        }
    }
    return true;
}

bool ops_install(struct ops *ops, const void *bytes, size_t len, const char *friendly_name,
                 struct list *notes, struct cert_row **out_row, struct err *e) {
    PL_AUTO(detected_clear) struct detected detected = {0};
    PL_AUTO(match_clear) struct match match = {0};
    if (!detect(bytes, len, clock_now_ms(), &detected, e)) {
        return false;
    }
    if (detected.certs.count == 0) {
        return no_certificate(&detected, e);
    }
    if (!find_match(ops, &detected.certs, &match, e)) {
        return false;
    }
    if (match.cert == NULL) {
        return explain_no_key(ops, &detected, e);
    }
    return check_new(ops, match.cert, e) && check_dates(match.cert, notes, e) &&
           add_notes(notes, &detected.sorting.notes, e) &&
           record(ops, &match, &detected, friendly_name, notes, out_row, e);
}
