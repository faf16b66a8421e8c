/* What a foreign file gave, and whether it asks for a password. */
#include "keys/unpack.h"

#include "base/mem.h"
#include "codec/sniff.h"
#include "codec/text.h"

void unpacked_clear(struct unpacked *unpacked) {
    secret_clear(&unpacked->pkcs8);
    cert_list_clear(&unpacked->certs);
    mem_free(unpacked->friendly_name);
    *unpacked = (struct unpacked){0};
}

static bool asks_for_password(enum sniff_kind kind) {
    return kind == SNIFF_PKCS12 || kind == SNIFF_ENCRYPTED_PRIVATE_KEY;
}

static bool text_needs_password(const struct buf *text) {
    bool needs_password = false;
    PL_AUTO(pem_clear) struct pem pem = {0};
    PL_AUTO(buf_cleanse) struct buf der;
    buf_init(&der, UNPACK_INPUT_MAX);
    if (!pem_read(buf_string(text), text->len, &pem, NULL)) {
        return false;
    }
    for (size_t i = 0; i < pem.count; i++) {
        needs_password = needs_password || pem_block_is_encrypted(&pem.blocks[i]) ||
                         asks_for_password(sniff_pem_block(&pem.blocks[i]));
    }
    return needs_password ||
           (pem.count == 0 && pem_read_bare(buf_string(text), text->len, &der, NULL) &&
            asks_for_password(sniff_der(der.data, der.len)));
}

bool unpack_needs_password(const uint8_t *bytes, size_t len) {
    PL_AUTO(buf_cleanse) struct buf text;
    buf_init(&text, 2 * UNPACK_INPUT_MAX);
    if (len > UNPACK_INPUT_MAX) {
        return false;
    }
    return asks_for_password(sniff_der(bytes, len)) ||
           (text_normalize(bytes, len, &text, NULL) && text_needs_password(&text));
}
