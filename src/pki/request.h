/*
 * Certificate requests (PKCS #10 CSRs): made of names, read from whatever users send.
 * Source: RFC 2986, RFC 2985 §5.4.2 (extension request), RFC 7468 (PEM labels).
 */
#ifndef PL_PKI_REQUEST_H
#define PL_PKI_REQUEST_H

#include "base/buf.h"
#include "base/list.h"
#include "pki/key.h"
#include "pki/name.h"

enum { CSR_INPUT_MAX = 1024 * 1024, CSR_DER_MAX = 64 * 1024, CSR_NOTICES_MAX = 64 };

/* What a request asks for: all that keys needs besides the key to build and sign one. */
struct request_names {
    struct dn subject;
    struct san_list sans;
};

void request_names_clear(struct request_names *names);

enum { REQUEST_FIELD_MAX = 64, REQUEST_EMAIL_MAX = 255 }; /* bytes; X.520 and RFC 5280 appendix A */

/*
 * One field of the subject as it is typed, for a wizard.
 *
 * Spaces at the ends are dropped. countryName must be an ISO 3166-1 alpha-2 code and is made upper
 * case; commonName must be a host name or address and is made canonical; emailAddress must look
 * like one; every text is valid UTF-8 without control or direction characters, with a letter or
 * digit in it, and has at most REQUEST_FIELD_MAX bytes (e-mail REQUEST_EMAIL_MAX). Texts that tools
 * put there unasked ("Some-State", "Unknown") give a warning.
 *
 * out_value  caller owns, mem_free()
 * warnings   appended to; sentences for people
 * Fails      request.country, request.field.too_long, request.field.invalid; for commonName
 * pki.name.*
 */
bool request_field_check(int nid, const char *typed, char **out_value, struct list *warnings,
                         struct err *e) PL_MUST_USE;

/*
 * City and state together, by the ISO 3166-2 names of the country; NULL for what is not there.
 *
 * In countries where a city is hardly ever called like a state (see request_place.c) "Texas" as
 * city with "Houston" as state is refused; elsewhere, where most provinces are called like their
 * capitals, it gives a warning. An abbreviated state ("TX") gives a warning with the whole name.
 * Fails request.field.swapped
 */
bool request_place_check(const char *country, const char *state, const char *city,
                         struct list *warnings, struct err *e) PL_MUST_USE;

/*
 * The common name of a request for that first name: the name, or NULL when it is longer than a
 * common name may be; it stands among the alternative names in any case.
 */
const char *request_common_name(const char *first_name);

/*
 * Checks and makes canonical all names of a request, by the two above; a field stands at most once
 * (organizationalUnitName and domainComponent: any number). Copies the common name into sans when
 * it is not there, first. Without a common name there must be a subject alternative name.
 *
 * names is changed on success only.
 * Fails as request_field_check() and request_place_check(), pki.name.*
 */
bool request_names_check(struct request_names *names, struct list *warnings, struct err *e)
    PL_MUST_USE;

/*
 * A CSR signed by key, SHA-256 (P-384: SHA-384, P-521: SHA-512, Ed25519: none). Only keys/ calls
 * it. Appends DER. Fails pki.csr.build, pki.name.*, base.limit, base.oom
 */
bool request_build(const struct request_names *names, EVP_PKEY *key, struct buf *out_der,
                   struct err *e) PL_MUST_USE;

struct csr {
    X509_REQ *req;
    uint8_t *der; /* the exact bytes received */
    size_t der_len;
    struct dn subject;
    struct san_list sans;
    EVP_PKEY *key; /* public */
    struct key_spec key_spec;
    uint8_t spki_sha256[KEY_SPKI_SHA256_LEN];
    bool asks_for_ca;            /* basicConstraints CA:TRUE in the extension request */
    bool has_common_name_copied; /* sans had none; the common name was put there */
    struct list notices;         /* what was normalised or left aside, for people */
};

void csr_free(struct csr *csr);
PL_DEFINE_FREEP(csr_freep, struct csr, csr_free)

/*
 * Read one CSR from a file's bytes: PEM with "CERTIFICATE REQUEST" or "NEW CERTIFICATE REQUEST",
 * DER, base64 without armour; CRLF, UTF-8 BOM, UTF-16, text around the armour are put up with.
 * The extension request may come under Microsoft's number; Microsoft's attributes are accepted.
 * A lower-case country is made upper case. Without a subject alternative name, a common name that
 * is a host name or address is copied there.
 *
 * bytes     borrowed; at most CSR_INPUT_MAX
 * out_csr   caller owns, csr_free(); notices say what was put up with, changed or left aside
 * Fails     pki.csr.not_csr (says what it is instead), pki.csr.malformed, pki.csr.several
 *           (different ones), pki.name.*, codec.pem.* (a block without its end), base.limit,
 *           base.oom
 * Not done  no signature or strength check: csr_check()
 */
bool csr_read(const void *bytes, size_t len, struct csr **out_csr, struct err *e) PL_MUST_USE;

/* The same from exactly one DER value, without looking for anything else. */
bool csr_from_der(const uint8_t *der, size_t der_len, struct csr **out_csr, struct err *e)
    PL_MUST_USE;

/*
 * The gate's part that needs no policy: proof of possession, no MD5 or SHA-1 signature, key
 * strength. Fails pki.csr.signature, pki.csr.weak_hash, pki.key.weak.*, pki.key.curve,
 * pki.key.family
 */
bool csr_check(const struct csr *csr, struct err *e) PL_MUST_USE;

#endif
