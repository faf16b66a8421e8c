/* Revocation lists for everybody, as the certificates' addresses name them. */
#include "base/clock.h"
#include "base/str.h"
#include "ca/issuer.h"
#include "service/pki_parts.h"
#include "store/issuers.h"

#include <stdio.h>
#include <string.h>

enum { SHARD_DIGITS_MAX = 4, AGE_MAX_S = 60 * 60 };

#define SUFFIX ".crl"

/* "KEYHASH-SHARD.crl" */
static bool read_name(struct http_text name, char out_hash[CA_KEY_HASH_TEXT + 1],
                      unsigned *out_shard) {
    const size_t suffix_len = sizeof(SUFFIX) - 1;
    const size_t head_len = CA_KEY_HASH_TEXT + 1;
    char digits[SHARD_DIGITS_MAX + 1] = "";
    uint64_t shard = 0;
    if (name.len <= head_len + suffix_len || name.at[CA_KEY_HASH_TEXT] != '-' ||
        name.len > head_len + SHARD_DIGITS_MAX + suffix_len ||
        memcmp(name.at + name.len - suffix_len, SUFFIX, suffix_len) != 0) {
        return false;
    }
    memcpy(out_hash, name.at, CA_KEY_HASH_TEXT);
    out_hash[CA_KEY_HASH_TEXT] = '\0';
    memcpy(digits, name.at + head_len, name.len - head_len - suffix_len);
    if (!str_to_u64(digits, CA_CRL_SHARDS_MAX - 1, &shard)) {
        return false;
    }
    *out_shard = (unsigned)shard;
    return true;
}

/* Caches ask again when the next one may be there: within the hour, as revocations cannot wait. */
static int64_t age_of(const struct crl_row *crl) {
    int64_t left_s = (crl->next_update_ms - clock_now_ms()) / CLOCK_SECOND_MS;
    return left_s < 0 ? 0 : left_s < AGE_MAX_S ? left_s : AGE_MAX_S;
}

bool pki_respond_crl(struct ops *ops, const struct service_request *request, struct http_text name,
                     struct http_response *out, struct err *e) {
    PL_AUTO(issuer_row_freep) struct issuer_row *issuer = NULL;
    PL_AUTO(crl_row_freep) struct crl_row *crl = NULL;
    char key_hash[CA_KEY_HASH_TEXT + 1];
    unsigned shard = 0;
    if (read_name(name, key_hash, &shard) &&
        (!store_issuer_find_key_hash(ops_store(ops), key_hash, &issuer, e) ||
         (issuer != NULL && !store_crl_find(ops_store(ops), &issuer->id, shard, &crl, e)))) {
        return false;
    }
    if (crl == NULL) {
        return http_response_set_page(out, 404, "There is no revocation list of that name here.",
                                      e);
    }
    struct pki_file file = {.bytes = crl->der.data,
                            .len = crl->der.len,
                            .type = "application/pkix-crl",
                            .modified_ms = crl->this_update_ms,
                            .max_age_s = age_of(crl)};
    (void)snprintf(file.etag, sizeof(file.etag), "\"%.32s-%u-%lld\"", key_hash, shard,
                   (long long)crl->number);
    return pki_send(request, &file, out, e);
}
