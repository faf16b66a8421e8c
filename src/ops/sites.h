/* Sites: folders that are served. */
#ifndef PL_OPS_SITES_H
#define PL_OPS_SITES_H

#include "ops/ops.h"
#include "store/sites.h"

enum { SITE_NAME_MAX = 63 };

/*
 * name: letters, digits, "-", "_", "."; root: made absolute; must be a folder that the serving user
 * can read. Fails ops.site.name, ops.site.exists, sys.user.cannot_read, sys.file.missing. Can be
 * undone.
 */
bool ops_site_add(struct ops *ops, const char *name, const char *root, struct site_row **out_row,
                  struct err *e) PL_MUST_USE;
/* The built-in site "services"; once, when the store is made. */
bool ops_site_add_services(struct ops *ops, struct err *e) PL_MUST_USE;
/* By name or id. Fails ops.site.missing. */
bool ops_site_pick(struct ops *ops, const char *text, struct site_row **out_row, struct err *e)
    PL_MUST_USE;
/* Another root or name; NULL leaves it. Fails as ops_site_add(), ops.site.built_in. Can be undone.
 */
bool ops_site_set(struct ops *ops, struct site_row *row, const char *name, const char *root,
                  struct err *e) PL_MUST_USE;
/* Fails ops.site.bound unless is_unbound, ops.site.built_in. Can be undone. */
bool ops_site_remove(struct ops *ops, struct site_row *row, bool is_unbound, struct err *e)
    PL_MUST_USE;

#endif
