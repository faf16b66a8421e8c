/* JA3S, JA4S, JA4X. */
#include "inspect/wire/fingerprint.h"

#include "base/hex.h"
#include "pki/openssl.h"
#include "tls/ja4.h"
#include "tls/registry.h"

#include <stdio.h>
#include <string.h>

/* --- of a ServerHello ----------------------------------------------------------------------------
 */

static size_t gather(const struct wire_server_hello *hello,
                     uint16_t out[WIRE_PRINT_EXTENSIONS_MAX]) {
    struct wire_span rest = hello->extensions;
    struct wire_span content = {0};
    uint16_t type = 0;
    size_t count = 0;
    while (count < WIRE_PRINT_EXTENSIONS_MAX && rest.len > 0 &&
           wire_next_extension(&rest, &type, &content)) {
        if (!tls_is_grease(type)) {
            out[count++] = type;
        }
    }
    return count;
}

/* "771,4865,43-51": version and suite as they stand in the message's own fields. */
static bool write_ja3s(const struct wire_server_hello *hello, const uint16_t *extensions,
                       size_t count, char out[WIRE_JA3S_SIZE], struct buf *text, struct err *e) {
    PL_AUTO(buf_clear) struct buf whole = {.max = WIRE_FINGERPRINT_TEXT_MAX};
    uint8_t digest[16];
    unsigned len = 0;
    bool ok = buf_printf(&whole, e, "%u,%u,", hello->legacy_version, hello->suite);
    for (size_t i = 0; ok && i < count; i++) {
        ok = buf_printf(&whole, e, "%s%u", i == 0 ? "" : "-", extensions[i]);
    }
    if (!ok) {
        return false;
    }
    if (EVP_Digest(whole.data, whole.len, digest, &len, EVP_md5(), NULL) != 1 ||
        len != sizeof(digest)) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot compute MD5");
    }
    hex_encode(digest, sizeof(digest), out);
    return text == NULL || buf_append(text, whole.data, whole.len, e);
}

static bool write_ja4s(const struct wire_server_hello *hello, const uint16_t *extensions,
                       size_t count, char out[WIRE_JA4S_SIZE], struct buf *text, struct err *e) {
    PL_AUTO(buf_clear) struct buf list = {.max = WIRE_FINGERPRINT_TEXT_MAX};
    char protocol[3];
    char hash[JA4_HASH_SIZE] = "";
    if (!ja4_append_numbers(&list, extensions, count, e) ||
        !ja4_hash(buf_string(&list), list.len, hash, e)) {
        return false;
    }
    ja4_protocol(hello->protocol.bytes, hello->protocol.len, protocol);
    (void)snprintf(out, WIRE_JA4S_SIZE, "t%.2s%02u%.2s_%04x_%.12s", ja4_version(hello->version),
                   ja4_count(count), protocol, hello->suite, hash);
    return text == NULL || buf_printf(text, e, "%.12s_%s", out, buf_string(&list));
}

bool wire_fingerprint_server(const struct wire_server_hello *hello,
                             struct wire_server_print *out_print, struct buf *ja3s_text,
                             struct buf *ja4s_text, struct err *e) {
    uint16_t extensions[WIRE_PRINT_EXTENSIONS_MAX];
    struct wire_server_print print;
    size_t count = gather(hello, extensions);
    if (!write_ja3s(hello, extensions, count, print.ja3s, ja3s_text, e) ||
        !write_ja4s(hello, extensions, count, print.ja4s, ja4s_text, e)) {
        return false;
    }
    *out_print = print;
    return true;
}

/* --- of a certificate ----------------------------------------------------------------------------
 */

/* The DER content of an object identifier in hexadecimal, after a comma unless it is the first. */
static bool append_object(const ASN1_OBJECT *object, struct buf *out, struct err *e) {
    enum { OBJECT_MAX = 256 };
    char digits[2 * OBJECT_MAX + 1];
    size_t len = OBJ_length(object);
    if (len > OBJECT_MAX) { /* no standard's is as long; its first bytes stand for it */
        len = OBJECT_MAX;
    }
    hex_encode(OBJ_get0_data(object), len, digits);
    return buf_printf(out, e, "%s%s", out->len == 0 ? "" : ",", digits);
}

static bool append_name(const X509_NAME *name, struct buf *out, struct err *e) {
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        if (!append_object(X509_NAME_ENTRY_get_object(X509_NAME_get_entry(name, i)), out, e)) {
            return false;
        }
    }
    return true;
}

static bool append_certificate_extensions(const X509 *x509, struct buf *out, struct err *e) {
    for (int i = 0; i < X509_get_ext_count(x509); i++) {
        if (!append_object(X509_EXTENSION_get_object(X509_get_ext(x509, i)), out, e)) {
            return false;
        }
    }
    return true;
}

bool wire_fingerprint_certificate(const struct cert *cert, char out[WIRE_JA4X_SIZE],
                                  struct buf *text, struct err *e) {
    PL_AUTO(buf_clear) struct buf issuer = {.max = WIRE_FINGERPRINT_TEXT_MAX};
    PL_AUTO(buf_clear) struct buf subject = {.max = WIRE_FINGERPRINT_TEXT_MAX};
    PL_AUTO(buf_clear) struct buf extensions = {.max = WIRE_FINGERPRINT_TEXT_MAX};
    char hashes[3][JA4_HASH_SIZE] = {"", "", ""};
    if (!append_name(X509_get_issuer_name(cert->x509), &issuer, e) ||
        !append_name(X509_get_subject_name(cert->x509), &subject, e) ||
        !append_certificate_extensions(cert->x509, &extensions, e) ||
        !ja4_hash(buf_string(&issuer), issuer.len, hashes[0], e) ||
        !ja4_hash(buf_string(&subject), subject.len, hashes[1], e) ||
        !ja4_hash(buf_string(&extensions), extensions.len, hashes[2], e)) {
        return false;
    }
    (void)snprintf(out, WIRE_JA4X_SIZE, "%.12s_%.12s_%.12s", hashes[0], hashes[1], hashes[2]);
    return text == NULL || buf_printf(text, e, "%s_%s_%s", buf_string(&issuer),
                                      buf_string(&subject), buf_string(&extensions));
}
