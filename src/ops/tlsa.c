/* TLSA records of a certificate. */
#include "ops/tlsa.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/hostname.h"
#include "codec/ip.h"
#include "ops/certs.h"
#include "ops/verify_material.h"
#include "pki/chain.h"
#include "sys/file.h"

#include <stdio.h>

void tlsa_records_clear(struct tlsa_records *records) {
    mem_free(records->items);
    *records = (struct tlsa_records){0};
}

/* Source: RFC 6698 §3 */
bool ops_tlsa_name(const char *host, uint16_t port, char out[DNS_NAME_SIZE], struct err *e) {
    char ascii[HOSTNAME_SIZE];
    struct ip ip;
    if (host[0] == '\0' || ip_parse(host, &ip)) {
        return err_set(e, ERR_OPS_VERIFY_DANE_NAME,
                       "TLSA records belong to a name and not to an address: give --host");
    }
    if (!hostname_from_typed(host, ascii, e)) {
        return false;
    }
    (void)snprintf(out, DNS_NAME_SIZE, "_%u._tcp.%s", port, ascii);
    return true;
}

/* Of this store, else of a file. */
static bool gather_chain(struct ops *ops, const char *text, struct cert **out_leaf,
                         struct cert_list *chain, struct err *e) {
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    struct err missing = {0};
    if (ops != NULL && ops_cert_pick(ops, text, &row, &missing)) {
        return ops_cert_read(row, out_leaf, e) && ops_cert_chain(ops, &row->id, chain, e);
    }
    if (missing.code != ERR_NONE && (missing.code != ERR_OPS_CERT_MISSING || !file_exists(text))) {
        if (e != NULL) {
            *e = missing;
        }
        return false;
    }
    if (!verify_read_certificates(text, clock_now_ms(), chain, e)) {
        return false;
    }
    *out_leaf = cert_ref(chain_find_leaf(chain, NULL));
    return true;
}

/* The certificate and, where it is known, its issuer. */
static bool gather(struct ops *ops, const char *text, struct cert **out_leaf,
                   struct cert **out_issuer, struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list chain = {0};
    if (!gather_chain(ops, text, out_leaf, &chain, e)) {
        return false;
    }
    for (size_t i = 0; *out_issuer == NULL && i < chain.count; i++) {
        if (!cert_equal(chain.items[i], *out_leaf) &&
            cert_is_issued_by(*out_leaf, chain.items[i])) {
            *out_issuer = cert_ref(chain.items[i]);
        }
    }
    return true;
}

static bool add(struct tlsa_records *out, const char *host, uint16_t port, enum dane_usage usage,
                const struct cert *cert, struct err *e) {
    PL_AUTO(buf_clear) struct buf data = {.max = DANE_DIGEST_MAX};
    if (out->count >= TLSA_RECORDS_MAX) {
        return true;
    }
    struct tlsa_record *record = &out->items[out->count];
    if (!ops_tlsa_name(host, port, record->name, e) ||
        !dane_data(cert, DANE_SPKI, DANE_SHA256, &data, e)) {
        return false;
    }
    record->usage = usage;
    hex_encode(data.data, data.len, record->digits);
    out->count++;
    return true;
}

static bool add_host(struct tlsa_records *out, const char *host, uint16_t port,
                     const struct cert *leaf, const struct cert *issuer, struct err *e) {
    return add(out, host, port, DANE_EE, leaf, e) &&
           (issuer == NULL || add(out, host, port, DANE_TA, issuer, e));
}

static bool is_plain_name(const struct san *san) {
    return san->kind == SAN_DNS && !hostname_is_wildcard(san->text);
}

bool ops_tlsa(struct ops *ops, const char *text, const char *host, uint16_t port,
              struct tlsa_records *out, struct err *e) {
    PL_AUTO(cert_freep) struct cert *leaf = NULL;
    PL_AUTO(cert_freep) struct cert *issuer = NULL;
    PL_AUTO(tlsa_records_clear) struct tlsa_records records = {0};
    void *memory = NULL;
    if (!gather(ops, text, &leaf, &issuer, e) ||
        !mem_array(TLSA_RECORDS_MAX, sizeof(struct tlsa_record), &memory, e)) {
        return false;
    }
    records.items = memory;
    bool ok = host == NULL || add_host(&records, host, port, leaf, issuer, e);
    for (size_t i = 0; ok && host == NULL && i < leaf->sans.count; i++) {
        ok = !is_plain_name(&leaf->sans.items[i]) ||
             add_host(&records, leaf->sans.items[i].text, port, leaf, issuer, e);
    }
    if (ok && records.count == 0) {
        ok = err_set(e, ERR_OPS_VERIFY_DANE_NAME,
                     "the certificate has no name that records could be for: give --host");
    }
    if (!ok) {
        return false;
    }
    *out = records;
    records = (struct tlsa_records){0};
    return true;
}
