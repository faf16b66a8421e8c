/*
 * What was detected, in one sentence for people: "a private key (ECDSA P-256, PKCS #8) and a chain
 * of 2 certificates for www.example.com; the key is the certificate's".
 */
#include "pki/detect_items.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

#include <stdio.h>

enum { PARTS_MAX = 32, REST_TOLD_MAX = 8 };

/* --- certificates --- */

static bool add_one_certificate(struct list *parts, const struct cert *cert, int64_t at_ms,
                                struct err *e) {
    char day[11];
    clock_format_day(cert->not_after_ms, day);
    const char *end = at_ms >= cert->not_after_ms + CLOCK_SECOND_MS ? "expired on"
                      : at_ms < cert->not_before_ms                 ? "not valid yet, until"
                                                                    : "valid until";
    const char *name = cert_display_name(cert);
    if (cert->is_self_signed) {
        return list_printf(parts, e, "a self-signed %s \"%s\", %s %s",
                           cert->is_ca ? "root certificate" : "certificate for", name, end, day);
    }
    return list_printf(parts, e, "%s \"%s\", issued by \"%s\", %s %s",
                       cert->is_ca ? "the certificate of the authority" : "a certificate for", name,
                       cert_issuer_display_name(cert), end, day);
}

static bool add_chain(struct list *parts, const struct chain_sorting *sorting, struct err *e) {
    const struct cert_list *chain = &sorting->chain;
    return list_printf(parts, e, "a chain of %zu certificates for \"%s\"%s%s", chain->count,
                       cert_display_name(chain->items[0]),
                       chain_is_complete(chain) ? ", up to its root" : "",
                       sorting->was_in_order ? "" : ", out of order");
}

static bool add_certificates(struct list *parts, const struct detected *detected, int64_t at_ms,
                             struct err *e) {
    const struct chain_sorting *sorting = &detected->sorting;
    size_t chain_count = sorting->chain.count;
    size_t aside_count = sorting->aside.count;
    if (chain_count == 0) {
        return true;
    }
    if (aside_count == 0) {
        return chain_count == 1 ? add_one_certificate(parts, sorting->chain.items[0], at_ms, e)
                                : add_chain(parts, sorting, e);
    }
    if (chain_count == 1) {
        return list_printf(parts, e, "%zu certificates that form no chain", 1 + aside_count);
    }
    return add_chain(parts, sorting, e) && list_printf(parts, e, "%zu other certificate%s",
                                                       aside_count, aside_count == 1 ? "" : "s");
}

/* --- everything else --- */

static bool is_told_elsewhere(const struct detected *detected, const struct detected_item *item) {
    if (item->cert != NULL) {
        return true;
    }
    /* OpenSSL writes the curve before the key that is on it */
    return item->kind == SNIFF_PARAMETERS && detected_find(detected, SNIFF_PRIVATE_KEY) != NULL;
}

static bool add_list(struct list *parts, const struct crl *crl, struct err *e) {
    char day[11];
    clock_format_day(crl->this_update_ms, day);
    return list_printf(parts, e, "%s of \"%s\" of %s with %zu %s", sniff_describe(SNIFF_CRL),
                       crl->issuer_text, day, crl->entry_count,
                       crl->entry_count == 1 ? "entry" : "entries");
}

static const char *request_name(const struct csr *csr) {
    const char *common_name = dn_get(&csr->subject, NID_commonName);
    if (common_name != NULL) {
        return common_name;
    }
    return csr->sans.count > 0 ? csr->sans.items[0].text : "";
}

static bool add_item(struct list *parts, const struct detected_item *item, struct err *e) {
    const char *what = sniff_describe(item->kind);
    char key[KEY_SPEC_TEXT];
    key_spec_describe(&item->key_spec, key);
    if (item->problem[0] != '\0') {
        return list_printf(parts, e, "%s that cannot be read (%s)", what, item->problem);
    }
    if (item->csr != NULL) {
        return list_printf(parts, e, "%s for \"%s\" (%s)", what, request_name(item->csr), key);
    }
    if (item->crl != NULL) {
        return add_list(parts, item->crl, e);
    }
    const char *password = item->needs_password ? ", which needs its password" : "";
    if (item->has_spki) {
        return list_printf(parts, e, "%s (%s%s%s)%s", what, key,
                           item->detail[0] != '\0' ? ", " : "", item->detail, password);
    }
    if (item->detail[0] != '\0') {
        bool has_brackets = str_ends_with(what, ")");
        return list_printf(parts, e, has_brackets ? "%s, %s%s" : "%s (%s)%s", what, item->detail,
                           password);
    }
    return list_printf(parts, e, "%s%s%s%s", what, item->kind == SNIFF_PEM ? ", label " : "",
                       item->kind == SNIFF_PEM ? item->label : "", password);
}

static bool add_items(struct list *parts, const struct detected *detected, bool are_keys,
                      struct err *e) {
    size_t told_count = 0;
    size_t left_count = 0;
    for (size_t i = 0; i < detected->count; i++) {
        const struct detected_item *item = &detected->items[i];
        bool is_key = item->kind == SNIFF_PRIVATE_KEY || item->kind == SNIFF_ENCRYPTED_PRIVATE_KEY;
        if (is_key != are_keys || is_told_elsewhere(detected, item)) {
            continue;
        }
        if (told_count == REST_TOLD_MAX) {
            left_count++;
        } else if (!add_item(parts, item, e)) {
            return false;
        } else {
            told_count++;
        }
    }
    return left_count == 0 || list_printf(parts, e, "%zu more", left_count);
}

/* --- together --- */

/* "a, b and c" */
static bool join_parts(const struct list *parts, struct buf *out, struct err *e) {
    for (size_t i = 0; i < parts->count; i++) {
        const char *separator = i == 0 ? "" : i + 1 < parts->count ? ", " : " and ";
        if (!buf_append_string(out, separator, e) || !buf_append_string(out, parts->items[i], e)) {
            return false;
        }
    }
    return true;
}

/* Whether a key that can be seen is the certificate's: what people want to know first. */
static bool append_relation(const struct detected *detected, struct buf *out, struct err *e) {
    const struct detected_item *key = detected_find(detected, SNIFF_PRIVATE_KEY);
    if (key == NULL || !key->has_spki || detected->certs.count == 0) {
        return true;
    }
    bool belongs = chain_find_leaf(&detected->certs, key->spki_sha256) != NULL;
    return buf_append_string(
        out, belongs ? "; the key is the certificate's" : "; the key is not the certificate's", e);
}

bool detect_describe(struct detected *detected, int64_t at_ms, struct err *e) {
    PL_AUTO(list_clear) struct list parts;
    list_init(&parts, PARTS_MAX);
    if (!add_items(&parts, detected, true, e)) {
        return false;
    }
    bool is_bundle = detected->items[0].kind == SNIFF_PKCS7;
    if (is_bundle ? !(add_items(&parts, detected, false, e) &&
                      add_certificates(&parts, detected, at_ms, e))
                  : !(add_certificates(&parts, detected, at_ms, e) &&
                      add_items(&parts, detected, false, e))) {
        return false;
    }
    PL_AUTO(buf_clear) struct buf sentence;
    buf_init(&sentence, (size_t)PARTS_MAX * 4 * 1024);
    if (!join_parts(&parts, &sentence, e) || !append_relation(detected, &sentence, e)) {
        return false;
    }
    if (sentence.len >= ERR_TEXT_MAX) {
        utf8_cut((char *)sentence.data, ERR_TEXT_MAX - 4);
    }
    (void)snprintf(detected->description, sizeof(detected->description), "%s%s",
                   buf_string(&sentence), sentence.len >= ERR_TEXT_MAX ? "..." : "");
    return true;
}
