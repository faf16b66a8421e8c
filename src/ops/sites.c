/* Sites. Whether the serving user can read a folder is found out before it is added. */
#include "ops/sites.h"

#include "base/mem.h"
#include "base/str.h"
#include "ops/context.h"
#include "store/bindings.h"
#include "sys/user.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool check_name(const char *name, struct err *e) {
    size_t len = strlen(name);
    bool is_fine = len > 0 && len <= SITE_NAME_MAX && !str_equal_nocase(name, "services");
    for (size_t i = 0; i < len; i++) {
        is_fine = is_fine && (str_is_alpha(name[i]) || str_is_digit(name[i]) ||
                              (i > 0 && strchr("-_.", name[i]) != NULL));
    }
    if (is_fine) {
        return true;
    }
    (void)err_set(e, ERR_OPS_SITE_NAME, "\"%.100s\" cannot be a site's name", name);
    return err_hint(
        e, "1 to %d letters, digits, \"-\", \"_\", \".\"; \"services\" is the built-in site",
        SITE_NAME_MAX);
}

static bool check_root(const char *root, char out_path[PATH_MAX], struct err *e) {
    struct user serving;
    if (realpath(root, out_path) == NULL) {
        return err_set_errno(e, ERR_SYS_FILE_MISSING, errno, "cannot find the folder \"%.300s\"",
                             root);
    }
    return user_for(USER_NET, &serving, e) && user_can_read_folder(&serving, out_path, e);
}

static bool refuse_taken(struct ops *ops, const char *name, struct err *e) {
    PL_AUTO(site_row_freep) struct site_row *taken = NULL;
    if (!store_site_find_name(ops->store, name, &taken, e)) {
        return false;
    }
    if (taken == NULL) {
        return true;
    }
    (void)err_set(e, ERR_OPS_SITE_EXISTS, "there is a site \"%s\" already, for \"%.300s\"", name,
                  taken->root_path);
    return err_hint(e, "\"padlock site set %s --root DIR\" changes its folder", name);
}

bool ops_site_add(struct ops *ops, const char *name, const char *root, struct site_row **out_row,
                  struct err *e) {
    char path[PATH_MAX];
    char title[OPERATION_TITLE_MAX];
    if (!check_name(name, e) || !refuse_taken(ops, name, e) || !check_root(root, path, e)) {
        return false;
    }
    char index_html[] = "index.html";
    char index_htm[] = "index.htm";
    char *const index_names[] = {index_html, index_htm};
    struct site_row row = {
        .kind = SITE_STATIC, .name = name, .root_path = path, .index_names = {index_names, 2}};
    (void)snprintf(title, sizeof(title), "site add %s", name);
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, title, true, e) && store_site_insert(ops->store, &row, e) &&
           ops_audit(ops, "site.add", "site", &row.id, name, e) &&
           store_site_get(ops->store, &row.id, out_row, e) && ops_end(ops, &op, e);
}

bool ops_site_pick(struct ops *ops, const char *text, struct site_row **out_row, struct err *e) {
    PL_AUTO(site_rows_clear) struct site_rows found = {0};
    if (!store_site_find(ops->store, text, &found, e)) {
        return false;
    }
    if (found.count == 0) {
        (void)err_set(e, ERR_OPS_SITE_MISSING, "there is no site \"%.200s\"", text);
        return err_hint(
            e, "\"padlock site list\" shows all; \"padlock site add NAME --root DIR\" adds one");
    }
    *out_row = PL_TAKE(found.items[0]);
    return true;
}

bool ops_site_add_services(struct ops *ops, struct err *e) {
    struct site_row row = {.kind = SITE_SERVICES, .name = "services", .root_path = ""};
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, "init: the site of the services", false, e) &&
           store_site_insert(ops->store, &row, e) &&
           ops_audit(ops, "site.add", "site", &row.id, row.name, e) && ops_end(ops, &op, e);
}

static bool refuse_built_in(const struct site_row *row, struct err *e) {
    if (row->kind == SITE_STATIC) {
        return true;
    }
    (void)err_set(e, ERR_OPS_SITE_BUILT_IN,
                  "\"%.100s\" is built in: it has no folder, and it stays", row->name);
    return err_hint(e, "its bindings say what is served of it: \"padlock bind list --site %s\"",
                    row->name);
}

bool ops_site_set(struct ops *ops, struct site_row *row, const char *name, const char *root,
                  struct err *e) {
    char path[PATH_MAX];
    char title[OPERATION_TITLE_MAX];
    (void)snprintf(title, sizeof(title), "site set %s", row->name);
    if (!refuse_built_in(row, e) ||
        (name != NULL && (!check_name(name, e) ||
                          (!str_equal_nocase(name, row->name) && !refuse_taken(ops, name, e)))) ||
        (root != NULL && !check_root(root, path, e))) {
        return false;
    }
    row->name = name == NULL ? row->name : name;
    row->root_path = root == NULL ? row->root_path : path;
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, title, true, e) && store_site_update(ops->store, row, e) &&
           ops_audit(ops, "site.set", "site", &row->id, row->name, e) && ops_end(ops, &op, e);
}

/* All bindings of the site: deleted, or a reason to refuse. */
static bool clear_bindings(struct ops *ops, const struct site_row *site, bool is_unbound,
                           struct err *e) {
    const struct binding_filter filter = {.site_id = &site->id};
    for (;;) {
        const struct page page = {.limit = STORE_PAGE_MAX};
        PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
        if (!store_binding_list(ops->store, &filter, BINDING_SORT_AGE, &page, &rows, e)) {
            return false;
        }
        if (rows.count == 0) {
            return true;
        }
        if (!is_unbound) {
            (void)err_set(e, ERR_OPS_SITE_BOUND, "it is bound at %s port %u",
                          rows.items[0]->address, rows.items[0]->port);
            return err_hint(e, "remove its bindings first, or all with --unbind");
        }
        for (size_t i = 0; i < rows.count; i++) {
            if (!store_binding_delete(ops->store, rows.items[i], e)) {
                return false;
            }
        }
    }
}

bool ops_site_remove(struct ops *ops, struct site_row *row, bool is_unbound, struct err *e) {
    char title[OPERATION_TITLE_MAX];
    (void)snprintf(title, sizeof(title), "site remove %s", row->name);
    PL_AUTO(operation_rollback) struct operation op = {0};
    return refuse_built_in(row, e) && ops_begin(ops, &op, title, true, e) &&
           clear_bindings(ops, row, is_unbound, e) && store_site_delete(ops->store, row, e) &&
           ops_audit(ops, "site.remove", "site", &row->id, row->name, e) && ops_end(ops, &op, e);
}
