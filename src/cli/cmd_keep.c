/* padlock undo, audit, trust, backup, restore: keeping what was made, and keeping it in order. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/view.h"
#include "codec/json.h"
#include "ops/backup.h"
#include "ops/history.h"
#include "ops/trust.h"

#include <stdio.h>

/* The object when all members could be set, else NULL. */
static json_t *finish(json_t *object, bool is_whole) {
    if (!is_whole) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static bool set_id(json_t *object, const char *name, const struct id *id) {
    char text[ID_TEXT_LEN + 1];
    id_format(id, text);
    return id_is_zero(id) || json_set_text(object, name, text, NULL);
}

/* --- undo ------------------------------------------------------------------------------------ */

static json_t *view_operation(const struct operation_row *row, enum undo_state state) {
    json_t *o = json_object();
    return finish(o, o != NULL && set_id(o, "id", &row->id) &&
                         json_set_time(o, "time", row->created_ms, NULL) &&
                         json_set_text(o, "title", row->title, NULL) &&
                         json_set_text(o, "actor", row->actor, NULL) &&
                         json_set_bool(o, "is_undoable", state == UNDO_POSSIBLE, NULL) &&
                         json_set_text(o, "undoable", undo_state_text(state), NULL) &&
                         set_id(o, "undone_by", &row->undone_by) &&
                         set_id(o, "undoes", &row->undoes));
}

static bool add_operation(struct out_table *table, json_t *items, const struct operation_row *row,
                          struct err *e) {
    char id[ID_SHORT_LEN + 1];
    char time[CLOCK_TEXT_LEN + 1];
    enum undo_state state = operation_undo_state(row, clock_now_ms());
    id_format_short(&row->id, id);
    clock_format(row->created_ms, time);
    const char *cells[] = {id, time, row->title, row->actor, undo_state_text(state)};
    (void)json_array_append_new(items, view_operation(row, state));
    return out_table_row(table, state == UNDO_POSSIBLE ? OUT_PLAIN : OUT_DIM, cells, e);
}

static struct page page_of(const struct cli *cli) {
    return (struct page){.limit = (size_t)args_number(cli->args, "limit", STORE_PAGE_DEFAULT),
                         .after = args_text(cli->args, "after"),
                         .is_descending = true};
}

static bool list_operations(struct cli *cli, struct err *e) {
    static const char *const headers[] = {"ID", "TIME", "WHAT", "WHO", "CAN BE UNDONE"};
    const struct page page = page_of(cli);
    PL_AUTO(operation_rows_clear) struct operation_rows rows = {0};
    struct out_table table;
    bool ok = true;
    if (!store_operation_list(ops_store(cli->ops), &page, &rows, e)) {
        return false;
    }
    json_t *items = json_array();
    out_table_begin(&table, &cli->out, headers, PL_ARRAY_LEN(headers));
    for (size_t i = 0; ok && i < rows.count; i++) {
        ok = add_operation(&table, items, rows.items[i], e);
    }
    out_table_end(&table, ok ? "nothing was done yet" : NULL);
    if (!ok) {
        json_decref(items);
        return false;
    }
    return out_json(&cli->out, json_pack("{s:o, s:s?}", "operations", items, "next", rows.next), e);
}

/* What undoing did to a row, from what the operation had done. */
static const char *inverse_text(enum change_kind kind) {
    switch (kind) {
    case CHANGE_INSERT:
        return "removed again";
    case CHANGE_UPDATE:
        return "as it was before";
    case CHANGE_DELETE:
        return "brought back";
    }
    return "";
}

static bool print_change(struct cli *cli, json_t *items, const struct change_row *row) {
    char id[ID_SHORT_LEN + 1];
    id_format_short(&row->row_id, id);
    out_field(&cli->out, inverse_text(row->kind), "%s %s", row->table_name, id);
    json_t *o = json_object();
    json_t *whole = finish(o, o != NULL && json_set_text(o, "table", row->table_name, NULL) &&
                                  set_id(o, "id", &row->row_id) &&
                                  json_set_text(o, "now", inverse_text(row->kind), NULL));
    return json_array_append_new(items, whole) == 0;
}

static bool print_changes(struct cli *cli, const struct id *id, json_t *items, struct err *e) {
    PL_AUTO(mem_freep) char *after = NULL;
    do {
        const struct page page = {.limit = STORE_PAGE_MAX, .after = after};
        PL_AUTO(change_rows_clear) struct change_rows rows = {0};
        if (!store_change_list(ops_store(cli->ops), id, &page, &rows, e)) {
            return false;
        }
        for (size_t i = 0; i < rows.count; i++) {
            if (!print_change(cli, items, rows.items[i])) {
                return err_set(e, ERR_BASE_OOM, "out of memory");
            }
        }
        mem_free(after);
        after = PL_TAKE(rows.next);
    } while (after != NULL);
    return true;
}

static bool print_undone(struct cli *cli, const struct operation_row *row, struct err *e) {
    json_t *changes = json_array();
    out_line(&cli->out, "%s: %s", cli->is_dry_run ? "would be undone" : "undone", row->title);
    if (!print_changes(cli, &row->id, changes, e)) {
        json_decref(changes);
        return false;
    }
    return out_json(
        &cli->out,
        json_pack("{s:o, s:o}", "undone", view_operation(row, UNDO_DONE), "changes", changes), e);
}

static bool run_undo(struct cli *cli, struct err *e) {
    PL_AUTO(operation_row_freep) struct operation_row *row = NULL;
    if (args_flag(cli->args, "list")) {
        return list_operations(cli, e);
    }
    if (!ops_undo_pick(cli->ops, args_at(cli->args, 0), &row, e)) {
        return false;
    }
    if (!ops_undo(cli->ops, row, e)) {
        return err_wrap(e, "cannot undo \"%.300s\"", row->title);
    }
    return print_undone(cli, row, e);
}

/* --- audit ----------------------------------------------------------------------------------- */

static bool add_record(struct out_table *table, json_t *items, const struct audit_row *row,
                       struct err *e) {
    char time[CLOCK_TEXT_LEN + 1];
    char number[24];
    char object[ID_SHORT_LEN + 40];
    char id[ID_SHORT_LEN + 1];
    clock_format(row->time_ms, time);
    id_format_short(&row->object_id, id);
    (void)snprintf(number, sizeof(number), "%lld", (long long)row->number);
    (void)snprintf(object, sizeof(object), "%.30s %s", row->object_kind,
                   id_is_zero(&row->object_id) ? "" : id);
    const char *cells[] = {number, time, row->actor, row->action, object, row->details};
    (void)json_array_append_new(items, view_audit(row));
    return out_table_row(table, OUT_PLAIN, cells, e);
}

static bool run_audit_list(struct cli *cli, struct err *e) {
    static const char *const headers[] = {"NUMBER", "TIME", "WHO", "ACTION", "OBJECT", "DETAILS"};
    const struct page page = page_of(cli);
    const struct audit_filter all = {0};
    PL_AUTO(audit_rows_clear) struct audit_rows rows = {0};
    struct out_table table;
    bool ok = true;
    if (!store_audit_list(ops_store(cli->ops), &all, &page, &rows, e)) {
        return false;
    }
    json_t *items = json_array();
    out_table_begin(&table, &cli->out, headers, PL_ARRAY_LEN(headers));
    for (size_t i = 0; ok && i < rows.count; i++) {
        ok = add_record(&table, items, rows.items[i], e);
    }
    out_table_end(&table, ok ? "the audit trail is empty" : NULL);
    if (!ok) {
        json_decref(items);
        return false;
    }
    return out_json(&cli->out, json_pack("{s:o, s:s?}", "records", items, "next", rows.next), e);
}

static json_t *view_verdict(const struct audit_verdict *verdict) {
    json_t *o = json_object();
    bool ok = o != NULL && json_set_bool(o, "is_broken", verdict->is_broken, NULL) &&
              json_set_integer(o, "record_count", verdict->record_count, NULL);
    if (ok && verdict->is_broken) {
        ok = set_id(o, "broken_node", &verdict->broken_node) &&
             json_set_integer(o, "broken_number", verdict->broken_number, NULL) &&
             json_set_text(o, "reason", verdict->reason, NULL);
    }
    return finish(o, ok);
}

static bool run_audit_verify(struct cli *cli, struct err *e) {
    struct audit_verdict verdict = {0};
    if (!store_audit_verify(ops_store(cli->ops), &verdict, e)) {
        return false;
    }
    if (verdict.is_broken) {
        char node[ID_TEXT_LEN + 1];
        id_format(&verdict.broken_node, node);
        cli->exit_code = 1;
        out_colored(&cli->out, OUT_RED, "the audit trail was changed after it was written");
        out_field(&cli->out, "node", "%s", node);
        out_field(&cli->out, "record", "%lld", (long long)verdict.broken_number);
        out_field(&cli->out, "reason", "%s", verdict.reason);
    } else {
        out_colored(&cli->out, OUT_GREEN, "the audit trail is whole: %lld records",
                    (long long)verdict.record_count);
    }
    return out_json(&cli->out, view_verdict(&verdict), e);
}

/* --- trust ----------------------------------------------------------------------------------- */

/* No --store: all of them, and it is no failure when some are not on this machine. */
static bool wanted_stores(struct cli *cli, bool wanted[TRUST_STORE_COUNT], bool *out_is_all,
                          struct err *e) {
    const struct list *named = args_many(cli->args, "store");
    *out_is_all = named == NULL || named->count == 0;
    for (size_t i = 0; i < TRUST_STORE_COUNT; i++) {
        wanted[i] = *out_is_all;
    }
    for (size_t i = 0; !*out_is_all && i < named->count; i++) {
        enum trust_store store;
        if (!trust_store_from_text(named->items[i], &store)) {
            return err_set(e, ERR_CLI_OPTION_VALUE,
                           "--store takes system, nss or java, not \"%.60s\"", named->items[i]);
        }
        wanted[store] = true;
    }
    return true;
}

static json_t *view_trust(enum trust_store store, const struct trust_result *result) {
    json_t *o = json_object();
    return finish(o, o != NULL && json_set_text(o, "store", trust_store_text(store), NULL) &&
                         json_set_text(o, "result", trust_state_text(result->outcome), NULL) &&
                         json_set_text(o, "place", result->place, NULL) &&
                         json_set_text(o, "reason", result->reason, NULL));
}

static void print_trust(struct cli *cli, enum trust_store store,
                        const struct trust_result *result) {
    const char *detail = result->reason[0] != '\0' ? result->reason : result->place;
    enum out_color color = result->outcome == TRUST_FAILED ? OUT_RED
                           : result->outcome == TRUST_DONE ? OUT_GREEN
                                                           : OUT_DIM;
    out_colored(&cli->out, color, "%-7s %s: %s", trust_store_text(store),
                trust_state_text(result->outcome), detail);
}

static bool run_trust(struct cli *cli, bool is_install, struct err *e) {
    bool wanted[TRUST_STORE_COUNT];
    struct trust_result results[TRUST_STORE_COUNT];
    bool is_all = false;
    if (!wanted_stores(cli, wanted, &is_all, e) ||
        !ops_trust(cli->ops, is_install, wanted, results, e)) {
        return false;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < TRUST_STORE_COUNT; i++) {
        const struct trust_result *result = &results[i];
        if (!wanted[i]) {
            continue;
        }
        print_trust(cli, (enum trust_store)i, result);
        (void)json_array_append_new(items, view_trust((enum trust_store)i, result));
        bool is_missed = is_install && !is_all && result->outcome == TRUST_NOT_THERE;
        if (result->outcome == TRUST_FAILED || is_missed) {
            cli->exit_code = 1;
        }
    }
    return out_json(&cli->out, json_pack("{s:o}", "stores", items), e);
}

static bool run_trust_install(struct cli *cli, struct err *e) {
    return run_trust(cli, true, e);
}

static bool run_trust_remove(struct cli *cli, struct err *e) {
    return run_trust(cli, false, e);
}

/* --- backup ---------------------------------------------------------------------------------- */

static bool run_backup(struct cli *cli, struct err *e) {
    const char *path = args_at(cli->args, 0);
    bool is_over = args_flag(cli->args, "force");
    PL_AUTO(secret_clear) struct secret passphrase = {0};
    int64_t len = 0;
    if (!cli_check_out(cli, path, e) ||
        !cli_password(cli, "passphrase for the backup: ", true, &passphrase, e) ||
        !ops_backup(cli->ops, path, &passphrase, is_over, &len, e)) {
        return false;
    }
    out_line(&cli->out, "backup: %s", path);
    out_field(&cli->out, "store", "%lld bytes", (long long)len);
    out_notice(&cli->out, "whoever has this file and its passphrase has every private key; "
                          "nobody can restore it without the passphrase");
    return out_json(&cli->out,
                    json_pack("{s:s, s:I}", "file", path, "store_bytes", (json_int_t)len), e);
}

static bool run_restore(struct cli *cli, struct err *e) {
    PL_AUTO(secret_clear) struct secret passphrase = {0};
    struct restored restored = {0};
    if (!cli_password(cli, "passphrase of the backup: ", false, &passphrase, e) ||
        !ops_restore(cli->data_dir, args_at(cli->args, 0), &passphrase, cli->is_dry_run, &restored,
                     e)) {
        return false;
    }
    out_line(&cli->out,
             cli->is_dry_run ? "the backup is good, and would be restored to %s" : "restored: %s",
             cli->data_dir);
    out_field(&cli->out, "store", "%lld bytes, no damage found", (long long)restored.store_len);
    out_field(&cli->out, "sealing key", "opens the store's keys");
    out_field(&cli->out, "newest change", "%lld", (long long)restored.operation);
    return out_json(&cli->out,
                    json_pack("{s:s, s:I, s:I}", "data_dir", cli->data_dir, "store_bytes",
                              (json_int_t)restored.store_len, "operation",
                              (json_int_t)restored.operation),
                    e);
}

/* --- tables ---------------------------------------------------------------------------------- */

static const struct option undo_options[] = {
    {"list", OPTION_FLAG, NULL, "show what was done, newest first, and what can be undone"},
    {"limit", OPTION_NUMBER, "N", "with --list: how many (default 100, at most 1000)"},
    {"after", OPTION_TEXT, "PLACE", "with --list: the next page, \"next\" of the page before"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option page_options[] = {
    {"limit", OPTION_NUMBER, "N", "how many (default 100, at most 1000)"},
    {"after", OPTION_TEXT, "PLACE", "the next page: \"next\" of the page before"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option trust_options[] = {
    {"store", OPTION_MANY, "system|nss|java", "only this one (may be given more than once)"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option backup_options[] = {
    {"password-file", OPTION_TEXT, "FILE", "its first line is the passphrase"},
    {"force", OPTION_FLAG, NULL, "overwrite the file"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option restore_options[] = {
    {"password-file", OPTION_TEXT, "FILE", "its first line is the passphrase"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

const struct command keep_commands[] = {
    {"undo", "[OPERATION]", 0, 1, COMMAND_CHANGES, "take the last change back, or the one named",
     "Without OPERATION, the newest that can be undone; an undo can be undone by its id. Issuing,\n"
     "revoking, exporting and purging are for good. Undo later changes of a thing first.\n\n"
     "  padlock undo --list\n"
     "  padlock undo --dry-run",
     undo_options, run_undo},
    {"audit list", "", 0, 0, 0, "list the audit trail, newest first", NULL, page_options,
     run_audit_list},
    {"audit verify", "", 0, 0, 0,
     "check that the audit trail was not changed (exit code 1: it was)", NULL, NULL,
     run_audit_verify},
    {"trust install", "", 0, 0, COMMAND_CHANGES, "make this machine's programs trust the own root",
     "Puts the store's root into the system's store (curl, wget, git), NSS's of this user\n"
     "(Chromium) and Java's. What is not installed is named, with the Debian package for it.",
     trust_options, run_trust_install},
    {"trust remove", "", 0, 0, COMMAND_CHANGES, "take the own root out of this machine's stores",
     NULL, trust_options, run_trust_remove},
    {"backup", "FILE", 1, 1, 0, "write store and sealing key into one file, under a passphrase",
     "The backup is consistent while servers run. It holds every private key: keep the passphrase\n"
     "elsewhere.\n\n"
     "  padlock backup padlock-2026-11-23.backup",
     backup_options, run_backup},
    {"restore", "FILE", 1, 1, COMMAND_NO_STORE | COMMAND_CHANGES,
     "make the data directory from a backup; never over a store",
     "All or nothing: the backup is unpacked and looked through before anything gets its name.\n"
     "With --dry-run it is only looked through. Do not let two copies of a store both issue.\n\n"
     "  padlock restore padlock-2026-11-23.backup --data /var/lib/padlock",
     restore_options, run_restore},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
