/* Private to inspect/explain/panel*.c: each writes one panel. All fail base.oom. */
#ifndef PL_INSPECT_EXPLAIN_PANEL_PARTS_H
#define PL_INSPECT_EXPLAIN_PANEL_PARTS_H

#include "inspect/explain/panel.h"

/* Adds a line; beyond PANEL_LINES_MAX lines are left out. */
bool panel_say(struct panel *panel, enum panel_mark mark, struct err *e, const char *format, ...)
    PL_MUST_USE PL_PRINTF(4, 5);
/* "… and 12 more" where lines were left out. */
bool panel_say_more(struct panel *panel, size_t left_out, struct err *e) PL_MUST_USE;
void panel_head(struct panel *panel, enum verify_outcome outcome, const char *format, ...)
    PL_PRINTF(3, 4);

bool panel_chain(const struct panel_input *in, struct panel *panel, struct err *e) PL_MUST_USE;
bool panel_signatures(const struct panel_input *in, struct panel *panel, struct err *e) PL_MUST_USE;
bool panel_dates(const struct panel_input *in, struct panel *panel, struct err *e) PL_MUST_USE;
bool panel_names(const struct panel_input *in, struct panel *panel, struct err *e) PL_MUST_USE;
bool panel_constraints(const struct panel_input *in, struct panel *panel, struct err *e)
    PL_MUST_USE;
bool panel_usages(const struct panel_input *in, struct panel *panel, struct err *e) PL_MUST_USE;
bool panel_policies(const struct panel_input *in, struct panel *panel, struct err *e) PL_MUST_USE;
bool panel_strength(const struct panel_input *in, struct panel *panel, struct err *e) PL_MUST_USE;
bool panel_transparency(const struct panel_input *in, struct panel *panel, struct err *e)
    PL_MUST_USE;
bool panel_revocation(const struct panel_input *in, struct panel *panel, struct err *e) PL_MUST_USE;

#endif
