/* What the lab's servers answer: a page about the host; over plain HTTP, what certificates name. */
#include "inspect/badssl/badssl_parts.h"

#include "base/clock.h"
#include "base/str.h"
#include "http/h1.h"
#include "pki/openssl.h"

enum { PAGE_MAX = 32 * 1024 };

static bool append_page(const struct badssl *lab, const struct badssl_request *request,
                        struct buf *out, struct err *e) {
    const struct badssl_row *row = &badssl_rows[badssl_find(request->host)];
    if (!buf_printf(out, e,
                    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>%s</title>"
                    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem "
                    "auto;padding:0 1rem}dt{font-weight:600;margin-top:.6rem}</style><h1>%s</h1>"
                    "<p>This server is faulty on purpose: %s.</p><p>Your client shows this page, "
                    "so it does not mind, or you told it not to.</p><h2>All of them</h2><dl>",
                    row->host.name, row->host.name, row->host.about)) {
        return false;
    }
    for (size_t i = 0; i < badssl_row_count; i++) {
        const struct badssl_host *host = &badssl_rows[i].host;
        if (!buf_printf(out, e, "<dt><a href=\"https://%s.localhost:%u/\">%s</a></dt><dd>%s</dd>",
                        host->name, lab->port, host->name, host->about)) {
            return false;
        }
    }
    return buf_append_string(out, "</dl></html>\n", e);
}

static bool append_issuer(const struct badssl *lab, struct buf *out, struct err *e) {
    return openssl_append_der(out, (i2d_of_void *)i2d_X509, lab->authorities[BADSSL_ISSUING].x509,
                              e);
}

/* The body and its type; NULL: there is no such thing. */
static bool find_body(const struct badssl *lab, const struct badssl_request *request,
                      struct buf *body, const char **out_type, struct err *e) {
    *out_type = NULL;
    if (request->is_post && str_equal(request->path, "/ocsp")) {
        *out_type = "application/ocsp-response";
        return badssl_append_ocsp(lab, request->body == NULL ? (const uint8_t *)"" : request->body,
                                  request->body_len, 0, body, e);
    }
    if (request->is_post) {
        return true;
    }
    if (str_equal(request->path, "/issuing.crt")) {
        *out_type = "application/pkix-cert";
        return append_issuer(lab, body, e);
    }
    if (str_equal(request->path, "/issuing.crl")) {
        *out_type = "application/pkix-crl";
        return badssl_append_crl(lab, body, e);
    }
    if (str_equal(request->path, "/root.pem")) {
        *out_type = "application/x-pem-file";
        return badssl_append_root(lab, body, e);
    }
    if (str_equal(request->path, "/")) {
        *out_type = "text/html; charset=utf-8";
        return append_page(lab, request, body, e);
    }
    return true;
}

static bool fill(const struct badssl *lab, const struct badssl_request *request,
                 struct http_response *response, struct err *e) {
    PL_AUTO(buf_clear) struct buf body = {.max = PAGE_MAX};
    const char *type = NULL;
    if (!find_body(lab, request, &body, &type, e)) {
        return false;
    }
    return type == NULL ? http_response_set_page(response, 404, "The lab has no such page.", e)
                        : http_response_add(response, "Content-Type", type, e) &&
                              http_body_add_memory(&response->body, body.data, body.len, e);
}

bool badssl_answer(const struct badssl *lab, const struct badssl_request *request, struct buf *out,
                   struct err *e) {
    char date[30];
    struct http_response response;
    const struct h1_framing framing = {.minor = 1, .date = date};
    clock_format_http(clock_now_ms(), date);
    http_response_init(&response, 200);
    bool ok = fill(lab, request, &response, e) && h1_write_head(&response, &framing, out, e) &&
              buf_append(out, response.body.memory.data, response.body.memory.len, e);
    http_response_clear(&response);
    return ok;
}
