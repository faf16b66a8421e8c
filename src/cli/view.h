/*
 * Rows as JSON documents and as short texts for tables: one shape for each thing, wherever it is
 * shown. A NULL document means that memory ran out; out_json() says so.
 */
#ifndef PL_CLI_VIEW_H
#define PL_CLI_VIEW_H

#include "ca/gate.h"
#include "ops/ops.h"
#include "store/audit.h"
#include "store/bindings.h"
#include "store/certs.h"
#include "store/issued.h"
#include "store/issuers.h"
#include "store/requests.h"
#include "store/sites.h"
#include "store/submissions.h"

#include <jansson.h>

json_t *view_texts(const struct texts *texts);
json_t *view_list(const struct list *list);
json_t *view_request(const struct request_row *row);
json_t *view_submission(const struct submission_row *row);
json_t *view_issued(const struct issued_row *row);
json_t *view_issuer(const struct issuer_row *row);
json_t *view_cert(const struct cert_row *row, const struct list *bound_at);
json_t *view_site(const struct site_row *row);
json_t *view_binding(const struct binding_row *row, const char *site_name);
json_t *view_audit(const struct audit_row *row);

/* "www.example.com +2": the first of several; "" for none. */
void view_names(const struct texts *names, char out[300]);
/* "29 d", "expired", for a table. */
void view_days_left(int64_t not_after_ms, char out[16]);

#endif
