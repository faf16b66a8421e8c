/* The page that a site has before it has any: what "padlock demo" writes as its index.html. */
#ifndef PL_SITE_WELCOME_H
#define PL_SITE_WELCOME_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"

/* Appends the page, self-contained HTML. site_name comes from outside and is escaped. Fails
 * base.oom, base.limit. */
bool welcome_append_page(struct buf *out, const char *site_name, struct err *e) PL_MUST_USE;

#endif
