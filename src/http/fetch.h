/*
 * Fetching what certificates name: issuers, revocation lists, OCSP responses, over plain HTTP,
 * bounded in size, time, redirections and in where it may go. What comes is signed by itself; the
 * caller checks that. Blocking: for commands, and for a thread of the process probe.
 *
 * Why not a library: all of these addresses are http://, so that of a client only a request line
 * and a head remain; and libcurl brings a second TLS library, or ours in another version, into the
 * process.
 * Source: RFC 5280 §4.2.2.1 and §4.2.1.13 (addresses), RFC 6960 appendix A (OCSP over HTTP)
 */
#ifndef PL_HTTP_FETCH_H
#define PL_HTTP_FETCH_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"
#include "pki/cert.h"

enum { FETCH_REDIRECTS_MAX = 3, FETCH_URL_SIZE = 2048, FETCH_CONTENT_MAX = 16 * 1024 };
#define FETCH_OCSP_TYPE "application/ocsp-request"

/* Networks that may be asked besides the public one. Link-local and reserved ones never are. */
enum fetch_networks { FETCH_PUBLIC = 0, FETCH_PRIVATE = 1, FETCH_LOOPBACK = 2 };

struct fetch_wish {
    const char *url;          /* http:// */
    const char *content_type; /* of a POST */
    const uint8_t *content;   /* NULL: GET */
    size_t content_len;
    unsigned networks;  /* enum fetch_networks */
    int64_t timeout_ms; /* for all, redirections included */
};

/*
 * Appends the body of an answer 200; out's max is the limit for it.
 * Fails  http.fetch.url (no http:// address), http.fetch.address (of a network that is not asked;
 *        checked for the very address that is connected to), http.fetch.connect,
 *        http.fetch.timeout, http.fetch.answer (another status, no HTTP, too many redirections),
 *        base.limit, base.oom
 */
bool fetch_http(const struct fetch_wish *wish, struct buf *out, struct err *e) PL_MUST_USE;

/*
 * Asks a responder for the state of a certificate and appends its response as DER, unread: see
 * ocsp_read() and ocsp_state_read(). wish: url, networks and timeout_ms alone.
 * Fails  as fetch_http()
 */
bool fetch_ocsp(const struct cert *cert, const struct cert *issuer, const struct fetch_wish *wish,
                struct buf *out, struct err *e) PL_MUST_USE;

#endif
