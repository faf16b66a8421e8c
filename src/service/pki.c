/* CA certificates for everybody: the page, and the files. Revocation lists: service/pki_crl.c. */
#include "service/pki.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/hex.h"
#include "base/str.h"
#include "ca/issuer.h"
#include "ops/issuer.h"
#include "pki/cert.h"
#include "service/pki_parts.h"

#include <stdio.h>
#include <string.h>

#define CA_FOLDER "/ca/"

enum { PAGE_MAX = 512 * 1024, ETAG_BYTES = 16, CERTIFICATE_AGE_S = 24 * 60 * 60 };

/* --- one certificate -----------------------------------------------------------------------------
 */

enum file_kind { FILE_DER, FILE_PEM };

bool pki_send(const struct service_request *request, const struct pki_file *file,
              struct http_response *out, struct err *e) {
    char age[48];
    const struct http_validators validators = {
        .etag = file->etag, .modified_ms = file->modified_ms, .len = file->len};
    enum http_condition condition = http_condition(&request->http, &validators);
    if (condition == HTTP_PRECONDITION_FAILED) {
        return http_response_set_page(out, 412, "What is here now is another one.", e);
    }
    (void)snprintf(age, sizeof(age), "public, max-age=%lld", (long long)file->max_age_s);
    if (!http_response_add(out, "ETag", file->etag, e) ||
        !http_response_add(out, "Cache-Control", age, e)) {
        return false;
    }
    if (condition == HTTP_NOT_MODIFIED) {
        out->status = 304;
        return true;
    }
    return http_response_add(out, "Content-Type", file->type, e) &&
           http_body_add_memory(&out->body, file->bytes, file->len, e);
}

static bool send_certificate(const struct service_request *request, const struct cert *cert,
                             enum file_kind kind, struct http_response *out, struct err *e) {
    PL_AUTO(buf_clear) struct buf bytes = {.max = PAGE_MAX};
    char hash[2 * ETAG_BYTES + 1];
    struct pki_file file = {.modified_ms = cert->not_before_ms,
                            .max_age_s = CERTIFICATE_AGE_S,
                            .type = kind == FILE_DER ? "application/pkix-cert"
                                                     : "application/x-pem-file"};
    hex_encode(cert->sha256, ETAG_BYTES, hash);
    (void)snprintf(file.etag, sizeof(file.etag), "\"%s%s\"", hash, kind == FILE_DER ? "" : "-pem");
    if (!(kind == FILE_DER ? buf_append(&bytes, cert->der, cert->der_len, e)
                           : cert_append_pem(cert, &bytes, e))) {
        return false;
    }
    file.bytes = bytes.data;
    file.len = bytes.len;
    return pki_send(request, &file, out, e);
}

/* "KEYHASH.crt" or ".pem"; false when it is neither. */
static bool read_name(struct http_text name, char out_hash[CA_KEY_HASH_TEXT + 1],
                      enum file_kind *out_kind) {
    static const char suffixes[][5] = {[FILE_DER] = ".crt", [FILE_PEM] = ".pem"};
    if (name.len != CA_KEY_HASH_TEXT + 4) {
        return false;
    }
    memcpy(out_hash, name.at, CA_KEY_HASH_TEXT);
    out_hash[CA_KEY_HASH_TEXT] = '\0';
    for (size_t i = 0; i < PL_ARRAY_LEN(suffixes); i++) {
        if (memcmp(name.at + CA_KEY_HASH_TEXT, suffixes[i], 4) == 0) {
            *out_kind = (enum file_kind)i;
            return true;
        }
    }
    return false;
}

static bool respond_file(struct ops *ops, const struct service_request *request,
                         struct http_text name, struct http_response *out, struct err *e) {
    PL_AUTO(issuer_row_freep) struct issuer_row *row = NULL;
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    char key_hash[CA_KEY_HASH_TEXT + 1];
    enum file_kind kind = FILE_DER;
    if (read_name(name, key_hash, &kind) &&
        !store_issuer_find_key_hash(ops_store(ops), key_hash, &row, e)) {
        return false;
    }
    if (row == NULL) {
        return http_response_set_page(out, 404, "There is no CA certificate of that name here.", e);
    }
    return cert_from_der(row->certificate.data, row->certificate.len, &cert, e) &&
           send_certificate(request, cert, kind, out, e);
}

/* --- the page ------------------------------------------------------------------------------------
 */

static const char page_head[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<title>CA certificates</title>\n<style>\n"
    ":root{--ink:#14211c;--soft:#4c5b54;--ground:#f4f7f5;--card:#fff;--line:#dde6e1;"
    "--green:#0a7d55}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6efea;--soft:#a3b5ac;--ground:#0e1512;"
    "--card:#16201b;--line:#26342d;--green:#4fd09d}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;padding:clamp(1.5rem,6vw,4rem) 1rem;background:var(--ground);color:var(--ink);"
    "font:1rem/1.6 system-ui,-apple-system,\"Segoe UI\",sans-serif}\n"
    "main{max-width:44rem;margin:0 auto}\n"
    "h1{font-size:1.75rem;line-height:1.25;margin:0 0 .5rem}\n"
    "h2{font-size:1.125rem;margin:0;overflow-wrap:anywhere}\n"
    "p{margin:.5rem 0;color:var(--soft)}\n"
    "section{background:var(--card);border:1px solid var(--line);border-radius:.9rem;"
    "padding:1.1rem 1.25rem;margin:1rem 0}\n"
    "code{font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;"
    "overflow-wrap:anywhere}\n"
    "a{color:var(--green);margin-right:1.25rem}\n"
    "</style>\n</head>\n<body>\n<main>\n<h1>CA certificates</h1>\n"
    "<p>Trust the root, and every certificate of this CA is trusted. Before you do, compare its "
    "fingerprint with one that you got in another way: this page cannot prove itself.</p>\n";

static bool append_card(const struct issuer_row *row, struct buf *out, struct err *e) {
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    char fingerprint[CERT_FINGERPRINT_TEXT];
    char first[11];
    char last[11];
    if (!cert_from_der(row->certificate.data, row->certificate.len, &cert, e)) {
        return false;
    }
    cert_format_fingerprint(cert->sha256, fingerprint);
    clock_format_day(row->not_before_ms, first);
    clock_format_day(row->not_after_ms, last);
    return buf_append_string(out, "<section>\n<h2>", e) &&
           escape_append(out, ESCAPE_HTML, row->name, strlen(row->name), e) &&
           buf_printf(out, e,
                      "</h2>\n<p>%s, valid from %s to %s</p>\n<p>SHA-256 <code>%s</code></p>\n"
                      "<p><a href=\"" CA_FOLDER "%s.crt\">.crt (DER)</a>"
                      "<a href=\"" CA_FOLDER "%s.pem\">.pem</a>"
                      "<a href=\"" CA_FOLDER "crl/%s-0.crl\">revocation list</a></p>\n"
                      "</section>\n",
                      row->kind == ISSUER_ROOT ? "root" : "issuing CA", first, last, fingerprint,
                      row->key_hash, row->key_hash, row->key_hash);
}

static bool respond_page(struct ops *ops, struct http_response *out, struct err *e) {
    const struct page first = {.limit = STORE_PAGE_DEFAULT};
    PL_AUTO(issuer_rows_clear) struct issuer_rows rows = {0};
    PL_AUTO(buf_clear) struct buf page = {.max = PAGE_MAX};
    if (!store_issuer_list(ops_store(ops), &first, &rows, e) ||
        !buf_append_string(&page, page_head, e)) {
        return false;
    }
    for (size_t i = 0; i < rows.count; i++) {
        if (!append_card(rows.items[i], &page, e)) {
            return false;
        }
    }
    if (rows.count == 0 && !buf_append_string(&page, "<p>This store has no CA.</p>\n", e)) {
        return false;
    }
    return buf_append_string(&page, "</main>\n</body>\n</html>\n", e) &&
           http_response_add(out, "Content-Type", "text/html; charset=utf-8", e) &&
           http_response_add(out, "Content-Security-Policy",
                             "default-src 'none'; style-src 'unsafe-inline'; "
                             "frame-ancestors 'none'",
                             e) &&
           http_body_add_memory(&out->body, page.data, page.len, e);
}

/* --- the whole -----------------------------------------------------------------------------------
 */

static bool begins_with(struct http_text text, const char *start) {
    size_t len = strlen(start);
    return text.len >= len && memcmp(text.at, start, len) == 0;
}

bool pki_respond(struct ops *ops, const struct service_request *request, struct http_response *out,
                 struct err *e) {
    const size_t folder_len = sizeof(CA_FOLDER) - 1;
    struct http_text path = request->http.path;
    if (begins_with(path, CA_FOLDER "ocsp")) {
        return http_response_set_page(out, 404, "This version answers no OCSP yet.", e);
    }
    if (request->http.method != HTTP_GET && request->http.method != HTTP_HEAD) {
        return http_response_add(out, "Allow", "GET, HEAD", e) &&
               http_response_set_page(
                   out, 405, "CA certificates and revocation lists can only be fetched.", e);
    }
    if (path.len < folder_len) { /* "/ca" */
        return http_response_add(out, "Location", CA_FOLDER, e) &&
               http_response_set_page(out, 301, "The page ends in a slash.", e);
    }
    struct http_text name = {.at = path.at + folder_len, .len = path.len - folder_len};
    if (begins_with(name, "crl/")) {
        name.at += sizeof("crl/") - 1;
        name.len -= sizeof("crl/") - 1;
        return pki_respond_crl(ops, request, name, out, e);
    }
    return name.len == 0 ? respond_page(ops, out, e) : respond_file(ops, request, name, out, e);
}
