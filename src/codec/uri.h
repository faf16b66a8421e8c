/*
 * http and https URLs as Padlock needs them: base URLs, binding addresses, upstreams. Pure
 * functions. Source: RFC 3986, RFC 9110 §4.2
 */
#ifndef PL_CODEC_URI_H
#define PL_CODEC_URI_H

#include "base/compiler.h"
#include "base/err.h"
#include "codec/hostname.h"
#include "codec/ip.h"

enum { URI_LEN_MAX = 2048 };

struct uri {
    bool is_https;
    char host[HOSTNAME_SIZE]; /* canonical: A-labels, or an address without brackets */
    struct ip ip;             /* len 0 when host is a name */
    uint16_t port;            /* 80 or 443 when the text has none */
    bool has_port;
    char
        path[URI_LEN_MAX + 1]; /* as written, from its "/"; "" when there is none; with the query */
};

/*
 * "https://ADDRESS[:PORT][/PATH]", scheme in either case. Refused: user names, fragments, control
 * characters and spaces, port 0. out_uri is written only on success.
 * Fails codec.uri, pki.name.* (the host), base.oom
 */
bool uri_parse(const char *text, struct uri *out_uri, struct err *e) PL_MUST_USE;

/*
 * The text form: brackets around IPv6, the scheme's own port left out. The buffer holds the
 * longest.
 */
enum { URI_TEXT_SIZE = URI_LEN_MAX + HOSTNAME_SIZE + 32 };
void uri_format(const struct uri *uri, char out[URI_TEXT_SIZE]);
/* "192.0.2.1:443", "[::1]:443", "www.example.com:443" */
enum { URI_AUTHORITY_SIZE = HOSTNAME_SIZE + 16 };
void uri_format_authority(const struct uri *uri, char out[URI_AUTHORITY_SIZE]);

/*
 * Percent-decodes a path (not "+"). Refused: a "%" without two hexadecimal digits, a NUL (%00).
 *
 * out  out_size ≥ len + 1; NUL-terminated; may be the text itself
 * Fails codec.uri.escape
 */
bool uri_decode_path(const char *text, size_t len, char *out, size_t out_size, struct err *e)
    PL_MUST_USE;

#endif
