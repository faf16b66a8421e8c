/* zlib, brotli and zstd, backwards. */
#include "inspect/wire/unpacked.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

const uint16_t wire_compressions[3] = {WIRE_BROTLI, WIRE_ZSTD, WIRE_ZLIB};

const char *wire_compression_name(uint32_t algorithm) {
    static const char *const names[] = {"unknown", "zlib", "brotli", "zstd"};
    return names[algorithm < PL_ARRAY_LEN(names) ? algorithm : 0];
}

static bool unpack_zlib(struct wire_span packed, uint8_t *out, size_t len) {
    uLongf made = (uLongf)len;
    uLong used = (uLong)packed.len;
    return uncompress2(out, &made, packed.bytes, &used) == Z_OK && made == len &&
           used == packed.len;
}

static bool unpack_brotli(struct wire_span packed, uint8_t *out, size_t len) {
    size_t made = len;
    return BrotliDecoderDecompress(packed.len, packed.bytes, &made, out) ==
               BROTLI_DECODER_RESULT_SUCCESS &&
           made == len;
}

/* In one go, so that no window of the sender's choice is made. */
static bool unpack_zstd(struct wire_span packed, uint8_t *out, size_t len) {
    return ZSTD_decompress(out, len, packed.bytes, packed.len) == len;
}

bool wire_unpack(uint32_t algorithm, struct wire_span packed, size_t len, struct buf *out) {
    if (packed.len == 0 || len == 0 || !buf_reserve(out, len, NULL)) {
        return false;
    }
    uint8_t *at = out->data + out->len;
    bool ok = algorithm == WIRE_ZLIB     ? unpack_zlib(packed, at, len)
              : algorithm == WIRE_BROTLI ? unpack_brotli(packed, at, len)
              : algorithm == WIRE_ZSTD   ? unpack_zstd(packed, at, len)
                                         : false;
    if (ok) {
        out->len += len;
    }
    out->data[out->len] = '\0';
    return ok;
}
