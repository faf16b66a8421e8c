/*
 * A set of faulty servers for teaching and tests: certificates with one fault each, made anew with
 * keys that live as long as the lab, and what is to be answered to whoever asks for them by name.
 * All names end in .localhost, which browsers take to this machine, or in .badssl.test.
 *
 * No sockets here: role/lab.c has them.
 */
#ifndef PL_INSPECT_BADSSL_BADSSL_H
#define PL_INSPECT_BADSSL_BADSSL_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"

#include <openssl/ssl.h>

struct badssl_host {
    const char *name;  /* "expired": expired.localhost */
    const char *about; /* what is wrong with it, a sentence without full stop */
};

/* In the order of the list; NULL at the end. */
const struct badssl_host *badssl_host_at(size_t index);

struct badssl;

/*
 * Makes every key and certificate. port is where certificates say that revocation lists, OCSP
 * responses and issuers are: http://127.0.0.1:PORT/. Takes about a second, for the RSA keys.
 * Fails base.oom
 */
bool badssl_new(uint16_t port, int64_t now_ms, struct badssl **out_lab, struct err *e) PL_MUST_USE;
void badssl_free(struct badssl *lab);
PL_DEFINE_FREEP(badssl_freep, struct badssl, badssl_free)

/* For every connection; the host that the client names decides, "good" is for all others. */
SSL_CTX *badssl_context(const struct badssl *lab);

/* The root to trust, as PEM. Fails base.oom, base.limit. */
bool badssl_append_root(const struct badssl *lab, struct buf *out, struct err *e) PL_MUST_USE;

/* A request as it was read: an OCSP request comes as the body of a POST. */
struct badssl_request {
    const char *host; /* without port, NUL-terminated */
    const char *path;
    bool is_tls;
    bool is_post;
    const uint8_t *body;
    size_t body_len;
};
enum { BADSSL_BODY_MAX = 4096, BADSSL_ANSWER_MAX = 64 * 1024 };

/* Appends the whole response, head and body; Connection: close. Fails base.oom, base.limit. */
bool badssl_answer(const struct badssl *lab, const struct badssl_request *request, struct buf *out,
                   struct err *e) PL_MUST_USE;

#endif
