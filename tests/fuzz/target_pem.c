/* codec/pem and codec/text: armour of any bytes; a block that was read is written and read again.
 */
#include "fuzz.h"

#include "codec/pem.h"
#include "codec/sniff.h"
#include "codec/text.h"

static void check_block(const struct pem_block *block) {
    struct err e = {0};
    FUZZ_CHECK(block->label[0] != '\0' && block->line > 0);
    FUZZ_CHECK(block->content.len > 0);
    (void)sniff_pem_block(block);
    PL_AUTO(buf_clear) struct buf text;
    buf_init(&text, PEM_TEXT_MAX);
    PL_AUTO(pem_clear) struct pem again = {0};
    FUZZ_CHECK(pem_write(block->label, block->content.data, block->content.len, &text, &e));
    FUZZ_CHECK(pem_read(buf_string(&text), text.len, &again, &e));
    FUZZ_CHECK(again.count == 1 && again.blocks[0].content.len == block->content.len);
    FUZZ_CHECK(memcmp(again.blocks[0].content.data, block->content.data, block->content.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    PL_AUTO(pem_clear) struct pem pem = {0};
    if (fuzz_told(pem_read((const char *)bytes, len, &pem, &e), &e)) {
        for (size_t i = 0; i < pem.count; i++) {
            check_block(&pem.blocks[i]);
        }
    }
    PL_AUTO(buf_clear) struct buf der;
    buf_init(&der, len);
    (void)fuzz_told(pem_read_bare((const char *)bytes, len, &der, &e), &e);
    PL_AUTO(buf_clear) struct buf normal;
    buf_init(&normal, 3 * len + 16);
    (void)fuzz_told(text_normalize(bytes, len, &normal, &e), &e);
    FUZZ_CHECK(sniff_bytes(bytes, len) < SNIFF_KIND_COUNT);
    return 0;
}
