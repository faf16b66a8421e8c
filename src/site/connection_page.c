/* The visitor's connection: which form is asked for, and the response around it. */
#include "site/connection_page.h"

#include "base/str.h"
#include "site/connection_facts.h"

#include <string.h>

enum { PAGE_MAX = HTTP_MEMORY_BODY_MAX, QUALITY_MAX = 1000 };

bool connection_page_is_asked(const struct http_request *request) {
    return http_text_equal(request->path, CONNECTION_PAGE_PATH);
}

/* --- which form -------------------------------------------------------------------------------
 */

static struct http_text trim(struct http_text text) {
    while (text.len > 0 && str_is_space(text.at[0])) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && str_is_space(text.at[text.len - 1])) {
        text.len--;
    }
    return text;
}

/* Cuts off what comes before the separator, or all of it. */
static struct http_text next_piece(struct http_text *rest, char separator) {
    const char *end = rest->len == 0 ? NULL : memchr(rest->at, separator, rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->at);
    struct http_text piece = {.at = rest->at, .len = len};
    size_t skipped = len + (end == NULL ? 0 : 1);
    rest->at += skipped;
    rest->len -= skipped;
    return trim(piece);
}

/* "q=0.75" in thousandths; what is no number counts as 0 (RFC 9110 §12.4.2). */
static unsigned quality_of(struct http_text parameters) {
    while (parameters.len > 0) {
        struct http_text one = next_piece(&parameters, ';');
        if (one.len < 3 || str_lower_char(one.at[0]) != 'q' || one.at[1] != '=') {
            continue;
        }
        if (one.at[2] == '1') {
            return QUALITY_MAX;
        }
        unsigned quality = 0;
        unsigned place = QUALITY_MAX / 10;
        for (size_t i = 4; i < one.len && place > 0 && str_is_digit(one.at[i]); i++) {
            quality += (unsigned)(one.at[i] - '0') * place;
            place /= 10;
        }
        return one.at[2] == '0' ? quality : 0;
    }
    return QUALITY_MAX;
}

/* How much the type is wanted by name: "*" is no wish for a page. */
static unsigned wanted(struct http_text accept, const char *type) {
    unsigned best = 0;
    while (accept.len > 0) {
        struct http_text range = next_piece(&accept, ',');
        struct http_text name = next_piece(&range, ';');
        unsigned quality = quality_of(range);
        if (http_text_equal_nocase(name, type) && quality > best) {
            best = quality;
        }
    }
    return best;
}

enum connection_form connection_page_form(const struct http_request *request) {
    struct http_text query = request->query;
    while (query.len > 0) {
        struct http_text pair = next_piece(&query, '&');
        if (http_text_equal(pair, "format=json")) {
            return CONNECTION_FORM_JSON;
        }
        if (http_text_equal(pair, "format=html")) {
            return CONNECTION_FORM_HTML;
        }
        if (pair.len >= 6 && memcmp(pair.at, "format", 6) == 0) {
            return CONNECTION_FORM_UNKNOWN;
        }
    }
    struct http_text accept = http_request_field(request, "Accept");
    unsigned html = wanted(accept, "text/html");
    return html > 0 && html >= wanted(accept, "application/json") ? CONNECTION_FORM_HTML
                                                                  : CONNECTION_FORM_JSON;
}

/* --- the response -----------------------------------------------------------------------------
 */

/* Nothing of it is kept by others, runs, or is shown inside other pages. */
static bool add_fields(struct http_response *response, enum connection_form form, struct err *e) {
    return http_response_add(
               response, "Content-Type",
               form == CONNECTION_FORM_HTML ? "text/html; charset=utf-8" : "application/json", e) &&
           http_response_add(response, "Cache-Control", "no-store", e) &&
           http_response_add(response, "Vary", "Accept", e) &&
           http_response_add(response, "X-Content-Type-Options", "nosniff", e) &&
           http_response_add(response, "Referrer-Policy", "no-referrer", e) &&
           http_response_add(response, "Content-Security-Policy",
                             "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
                             "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
                             e);
}

static bool write_form(const struct tls_connection *connection, enum connection_form form,
                       struct buf *out, struct err *e) {
    PL_AUTO(connection_facts_clear) struct connection_facts facts = {0};
    return connection_facts_read(connection, &facts, e) &&
           (form == CONNECTION_FORM_HTML ? connection_append_html(&facts, out, e)
                                         : connection_append_json(&facts, out, e));
}

bool connection_page_respond(const struct tls_connection *connection,
                             const struct http_request *request, struct http_response *out_response,
                             struct err *e) {
    if (request->method != HTTP_GET && request->method != HTTP_HEAD) {
        return http_response_add(out_response, "Allow", "GET, HEAD", e) &&
               http_response_set_page(out_response, 405, "This page can only be read.", e);
    }
    enum connection_form form = connection_page_form(request);
    if (form == CONNECTION_FORM_UNKNOWN) {
        return http_response_set_page(out_response, 400, "The formats are html and json.", e);
    }
    PL_AUTO(buf_clear) struct buf body;
    buf_init(&body, PAGE_MAX);
    return write_form(connection, form, &body, e) && add_fields(out_response, form, e) &&
           http_body_add_memory(&out_response->body, body.data, body.len, e);
}
