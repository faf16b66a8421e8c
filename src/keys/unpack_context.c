/*
 * The library context for one foreign file, and the spellings of its password.
 *
 * The legacy algorithms (RC2, RC4, DES) are loaded into this context alone: nothing else in the
 * process can use them.
 */
#include "keys/unpack_context.h"

#include "base/utf8.h"
#include "pki/openssl.h"

#include <openssl/provider.h>

#include <string.h>

static bool load_library(struct unpack_context *context, struct err *e) {
    context->library = OSSL_LIB_CTX_new();
    if (context->library != NULL) {
        context->standard = OSSL_PROVIDER_load(context->library, "default");
    }
    if (context->standard == NULL) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot load the OpenSSL library's algorithms");
    }
    context->legacy = OSSL_PROVIDER_load(context->library, "legacy");
    return true;
}

/* Never unloaded, so that later contexts find it in memory. */
void unpack_preload(void) {
    static struct unpack_context kept;
    (void)!load_library(&kept, NULL);
}

/* Takes bytes. */
static void add_spelling(struct unpack_context *context, struct secret bytes) {
    PL_BUG_UNLESS(context->spelling_count < UNPACK_SPELLINGS_MAX);
    context->spellings[context->spelling_count++] = (struct unpack_spelling){
        .bytes = bytes, .text = secret_string(&bytes), .len = (int)bytes.len};
}

static bool add_copy(struct unpack_context *context, const struct secret *password, struct err *e) {
    struct secret copy = {0};
    if (!secret_copy(&copy, password->bytes, password->len, e)) {
        return false;
    }
    add_spelling(context, copy);
    return true;
}

/* Each byte as the character of that number. */
static bool add_widened(struct unpack_context *context, const struct secret *password,
                        struct err *e) {
    struct secret wide = {0};
    size_t len = 0;
    if (!secret_init(&wide, 2 * password->len, e)) {
        return false;
    }
    for (size_t i = 0; i < password->len; i++) {
        char character[4];
        size_t count = utf8_put(password->bytes[i], character);
        memcpy(wide.bytes + len, character, count);
        len += count;
    }
    secret_cut(&wide, len);
    add_spelling(context, wide);
    return true;
}

/* Each character as the byte of its number; left out when one has none. password is UTF-8. */
static bool add_narrowed(struct unpack_context *context, const struct secret *password,
                         struct err *e) {
    struct secret narrow = {0};
    size_t len = 0;
    if (!secret_init(&narrow, password->len, e)) {
        return false;
    }
    for (size_t at = 0; at < password->len;) {
        uint32_t character = 0;
        at += utf8_char(password->bytes + at, password->len - at, &character);
        if (character > 0xFF) {
            secret_clear(&narrow);
            return true;
        }
        narrow.bytes[len++] = (uint8_t)character;
    }
    secret_cut(&narrow, len);
    add_spelling(context, narrow);
    return true;
}

static bool is_ascii(const struct secret *password) {
    for (size_t i = 0; i < password->len; i++) {
        if (password->bytes[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static bool add_spellings(struct unpack_context *context, const struct secret *password,
                          struct err *e) {
    if (password->len == 0) {
        context->spellings[0] = (struct unpack_spelling){0};
        context->spellings[1] = (struct unpack_spelling){.text = ""};
        context->spelling_count = 2;
        return true;
    }
    if (!add_copy(context, password, e)) {
        return false;
    }
    if (is_ascii(password)) {
        return true;
    }
    bool is_utf8 = utf8_is_valid(password->bytes, password->len);
    return add_widened(context, password, e) && (!is_utf8 || add_narrowed(context, password, e));
}

bool unpack_context_init(struct unpack_context *context, const struct secret *password,
                         struct err *e) {
    *context = (struct unpack_context){.iterations_left = UNPACK_ITERATIONS_MAX};
    if (password->len > UNPACK_PASSWORD_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "the password is longer than %d bytes",
                       UNPACK_PASSWORD_MAX);
    }
    return load_library(context, e) && add_spellings(context, password, e);
}

void unpack_context_clear(struct unpack_context *context) {
    for (size_t i = 0; i < context->spelling_count; i++) {
        secret_clear(&context->spellings[i].bytes);
    }
    if (context->legacy != NULL) {
        (void)OSSL_PROVIDER_unload(context->legacy);
    }
    if (context->standard != NULL) {
        (void)OSSL_PROVIDER_unload(context->standard);
    }
    OSSL_LIB_CTX_free(context->library);
    *context = (struct unpack_context){0};
}

void unpack_context_prefer(struct unpack_context *context, size_t i) {
    struct unpack_spelling right = context->spellings[i];
    memmove(&context->spellings[1], &context->spellings[0], i * sizeof(right));
    context->spellings[0] = right;
}
