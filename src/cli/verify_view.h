/* A verification on the terminal and as a document: its panels, and what browsers will show. */
#ifndef PL_CLI_VERIFY_VIEW_H
#define PL_CLI_VERIFY_VIEW_H

#include "cli/cli.h"
#include "ops/verify.h"

#include <jansson.h>

/* Everything; NULL means that memory ran out. */
json_t *verify_view_document(const struct verification *v);
json_t *verify_view_browsers(const struct verification *v); /* an array */

/* Panels (is_full: with questions and all facts), notes, browsers. */
void verify_view_print(const struct cli *cli, const struct verification *v, bool is_full);
/* A line for each browser, then the drawings that were asked for. */
void verify_view_print_browsers(const struct cli *cli, const struct verification *v);

#endif
