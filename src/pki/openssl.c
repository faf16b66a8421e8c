/* OpenSSL's objects in our idiom. */
#include "pki/openssl.h"

#include <openssl/err.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Empties the queue into text, oldest first; true when OpenSSL ran out of memory. */
static bool drain_queue(char text[ERR_TEXT_MAX]) {
    bool is_oom = false;
    size_t len = 0;
    unsigned long code = 0;
    while ((code = ERR_get_error()) != 0) {
        char one[160];
        ERR_error_string_n(code, one, sizeof(one));
        is_oom = is_oom || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
        int added = snprintf(text + len, ERR_TEXT_MAX - len, "%s%s", len == 0 ? "" : "; ", one);
        len += added < 0 ? 0 : (size_t)added;
        len = len < ERR_TEXT_MAX ? len : ERR_TEXT_MAX - 1;
    }
    return is_oom;
}

void(err_set_openssl)(struct err *e, enum err_code code, const char *format, ...) {
    char queue[ERR_TEXT_MAX] = "";
    if (drain_queue(queue)) {
        (void)err_set(e, ERR_BASE_OOM, "out of memory");
        (void)err_note(e, "%s", queue);
        return;
    }
    char reason[ERR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    (void)err_set(e, code, "%s", reason);
    (void)err_note(e, "%s", queue);
}

bool openssl_append_der(struct buf *out, i2d_of_void *encode, const void *object, struct err *e) {
    int len = encode(object, NULL);
    if (len <= 0) {
        return err_set_openssl(e, ERR_PKI_DER_ENCODE, "cannot encode as DER");
    }
    if (!buf_reserve(out, (size_t)len, e)) {
        return false;
    }
    uint8_t *at = out->data + out->len;
    if (encode(object, &at) != len) {
        return err_set_openssl(e, ERR_PKI_DER_ENCODE, "cannot encode as DER");
    }
    out->len += (size_t)len;
    out->data[out->len] = '\0';
    return true;
}

bool sha256(const void *bytes, size_t len, uint8_t out[32], struct err *e) {
    unsigned out_len = 0;
    if (EVP_Digest(bytes, len, out, &out_len, EVP_sha256(), NULL) != 1 || out_len != 32) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot compute SHA-256");
    }
    return true;
}
