/*
 * /.well-known/padlock/connection: what the visitor's own TLS connection agreed on, and what the
 * visitor's program offered. A page for people, JSON for programs; on every site that is served
 * over https. A file of that name in the site's folder is not reached.
 */
#ifndef PL_SITE_CONNECTION_PAGE_H
#define PL_SITE_CONNECTION_PAGE_H

#include "http/message.h"
#include "tls/connection.h"

#define CONNECTION_PAGE_PATH "/.well-known/padlock/connection"

enum connection_form { CONNECTION_FORM_HTML, CONNECTION_FORM_JSON, CONNECTION_FORM_UNKNOWN };

/* By "?format=", else by Accept. */
enum connection_form connection_page_form(const struct http_request *request);

bool connection_page_is_asked(const struct http_request *request);

/*
 * GET and HEAD; "?format=json" or "?format=html", else by Accept: a page for who asks for
 * text/html, JSON for everybody else.
 *
 * connection    open
 * out_response  initialised by the caller: 200, 400 (another format), 405
 * Fails         base.oom, base.limit: nothing can be answered
 */
bool connection_page_respond(const struct tls_connection *connection,
                             const struct http_request *request, struct http_response *out_response,
                             struct err *e) PL_MUST_USE;

#endif
