/*
 * What a file is: from its bytes to a list of items.
 *
 * Limits: DETECT_INPUT_MAX bytes, DETECT_ITEMS_MAX items. Of private keys, what passes through here
 * is overwritten. Not done: opening what is encrypted, checking what is found.
 */
#include "pki/detect.h"

#include "base/mem.h"
#include "base/str.h"
#include "codec/text.h"
#include "pki/detect_items.h"
#include "pki/openssl.h"

#include <openssl/err.h>

#include <string.h>

enum { FIRST_CAPACITY = 4 };

/* --- items --- */

static void item_clear(struct detected_item *item) {
    mem_free(item->friendly_name);
    cert_free(item->cert);
    csr_free(item->csr);
    crl_free(item->crl);
    EVP_PKEY_free(item->public_key);
}

void detected_clear(struct detected *detected) {
    for (size_t i = 0; i < detected->count; i++) {
        item_clear(&detected->items[i]);
    }
    mem_free(detected->items);
    cert_list_clear(&detected->certs);
    chain_sorting_clear(&detected->sorting);
    *detected = (struct detected){0};
}

static bool reserve(struct detected *detected, struct err *e) {
    if (detected->count >= DETECT_ITEMS_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "more than %d things in one file", DETECT_ITEMS_MAX);
    }
    if (detected->count < detected->capacity) {
        return true;
    }
    size_t capacity = detected->capacity == 0 ? FIRST_CAPACITY : detected->capacity * 2;
    void *items = detected->items;
    if (!mem_resize(&items, capacity * sizeof(struct detected_item), e)) {
        return false;
    }
    detected->items = items;
    detected->capacity = capacity;
    return true;
}

bool detect_add_item(struct detected *detected, enum sniff_kind kind, const struct pem_block *block,
                     struct detected_item **out_item, struct err *e) {
    if (!reserve(detected, e)) {
        return false;
    }
    struct detected_item *item = &detected->items[detected->count];
    *item = (struct detected_item){.kind = kind};
    if (block != NULL) {
        (void)str_copy(item->label, sizeof(item->label), block->label);
        item->line = block->line;
        if (block->friendly_name != NULL &&
            !mem_strdup(block->friendly_name, &item->friendly_name, e)) {
            return false;
        }
    }
    detected->count++;
    *out_item = item;
    return true;
}

const struct detected_item *detected_find(const struct detected *detected, enum sniff_kind kind) {
    for (size_t i = 0; i < detected->count; i++) {
        if (detected->items[i].kind == kind) {
            return &detected->items[i];
        }
    }
    return NULL;
}

/* --- reading --- */

static bool is_binary_format(enum sniff_kind kind) {
    return kind == SNIFF_PKCS12 || kind == SNIFF_JAVA_KEYSTORE || kind == SNIFF_ZIP ||
           kind == SNIFF_PDF;
}

static bool add_blocks(struct detected *detected, const struct pem *pem, struct err *e) {
    detected->was_armoured = true;
    detected->has_other_text = pem->has_other_text;
    for (size_t i = 0; i < pem->count; i++) {
        const struct pem_block *block = &pem->blocks[i];
        if (!detect_add_blob(detected, sniff_pem_block(block), block, block->content.data,
                             block->content.len, e)) {
            return false;
        }
    }
    return true;
}

/* A text that has the marks of PEM but cannot be read as such. */
static bool add_broken_pem(struct detected *detected, const struct err *reason, struct err *e) {
    struct detected_item *item = NULL;
    if (!detect_add_item(detected, SNIFF_PEM, NULL, &item, e)) {
        return false;
    }
    (void)str_copy(item->problem, sizeof(item->problem), reason->step[0]);
    return true;
}

static bool add_unarmoured(struct detected *detected, const struct buf *text, struct err *e) {
    PL_AUTO(buf_cleanse) struct buf der;
    buf_init(&der, DETECT_INPUT_MAX);
    if (!pem_read_bare(buf_string(text), text->len, &der, e)) {
        return false;
    }
    if (der.len > 0) {
        detected->was_bare_base64 = true;
        return detect_add_blob(detected, sniff_der(der.data, der.len), NULL, der.data, der.len, e);
    }
    return detect_add_blob(detected, sniff_bytes(text->data, text->len), NULL, text->data,
                           text->len, e);
}

static bool add_text(struct detected *detected, const struct buf *text, struct err *e) {
    PL_AUTO(pem_clear) struct pem pem = {0};
    struct err reason = {0};
    if (!pem_read(buf_string(text), text->len, &pem, &reason)) {
        if (reason.code == ERR_BASE_OOM || reason.code == ERR_BASE_LIMIT) {
            return err_set(e, reason.code, "%s", reason.step[0]);
        }
        return add_broken_pem(detected, &reason, e);
    }
    return pem.count > 0 ? add_blocks(detected, &pem, e) : add_unarmoured(detected, text, e);
}

static bool add_all(struct detected *detected, const void *bytes, size_t len, struct err *e) {
    enum sniff_kind kind = len > 0 ? sniff_der(bytes, len) : SNIFF_EMPTY;
    if (kind == SNIFF_BINARY && is_binary_format(sniff_bytes(bytes, len))) {
        kind = sniff_bytes(bytes, len);
    }
    if (kind != SNIFF_BINARY) {
        return detect_add_blob(detected, kind, NULL, bytes, len, e);
    }
    enum text_encoding encoding = text_detect(bytes, len);
    detected->was_utf16 = encoding == TEXT_UTF16_LE || encoding == TEXT_UTF16_BE;
    PL_AUTO(buf_cleanse) struct buf text;
    buf_init(&text, 3 * (size_t)DETECT_INPUT_MAX); /* what is no UTF-16 becomes three bytes */
    return text_normalize(bytes, len, &text, e) && add_text(detected, &text, e);
}

/* --- the certificates together --- */

static bool gather_certs(struct detected *detected, struct err *e) {
    for (size_t i = 0; i < detected->count; i++) {
        struct cert *cert = detected->items[i].cert;
        if (cert != NULL && !cert_list_add(&detected->certs, cert, e)) {
            return false;
        }
    }
    return true;
}

/* The certificate of a key or request in the same file; NULL when there is none. */
static struct cert *find_leaf_by_key(const struct detected *detected) {
    for (size_t i = 0; i < detected->count; i++) {
        const struct detected_item *item = &detected->items[i];
        if (item->has_spki && item->cert == NULL) {
            struct cert *leaf = chain_find_leaf(&detected->certs, item->spki_sha256);
            if (leaf != NULL) {
                return leaf;
            }
        }
    }
    return NULL;
}

bool detect(const void *bytes, size_t len, int64_t at_ms, struct detected *out_detected,
            struct err *e) {
    if (len > DETECT_INPUT_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a file to look at has at most %d bytes, this one %zu",
                       DETECT_INPUT_MAX, len);
    }
    PL_AUTO(detected_clear) struct detected detected = {0};
    bool ok =
        add_all(&detected, bytes, len, e) && gather_certs(&detected, e) &&
        chain_sort(&detected.certs, find_leaf_by_key(&detected), at_ms, &detected.sorting, e) &&
        detect_describe(&detected, at_ms, e);
    ERR_clear_error(); /* failed attempts leave entries */
    if (!ok) {
        return false;
    }
    *out_detected = detected;
    detected = (struct detected){0};
    return true;
}
