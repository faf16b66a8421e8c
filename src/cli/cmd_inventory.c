/* padlock inventory …: what scans have seen, beside what is stored and loaded. */
#include "base/clock.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/view.h"
#include "codec/json.h"
#include "ops/inventory.h"

#include <stdio.h>

enum { PAGE_ROWS = 500, LIMIT_MAX = 1000000 };

/* --- list ----------------------------------------------------------------------------------------
 */

/* What is listed. */
struct filter {
    bool is_differing; /* only where lanes do not agree, or nothing was seen */
    int64_t before_ms; /* only what ends before; 0: all */
    uint64_t limit;
};

static bool is_wanted(const struct filter *filter, const struct sighting_row *row,
                      const struct inventory_entry *entry) {
    bool is_fine = row->state == SIGHTING_SEEN &&
                   (entry->lane == INVENTORY_SAME || entry->lane == INVENTORY_KNOWN ||
                    entry->lane == INVENTORY_FOREIGN) &&
                   entry->loaded == entry->servers;
    return (!filter->is_differing || !is_fine) &&
           (filter->before_ms == 0 ||
            (row->not_after_ms != 0 && row->not_after_ms < filter->before_ms));
}

static json_t *view_sighting(const struct sighting_row *row, const struct inventory_entry *entry) {
    json_t *o = json_object();
    char id[ID_TEXT_LEN + 1];
    bool ok = json_set_text(o, "listener", row->listener, NULL) &&
              json_set_text(o, "address", row->address, NULL) &&
              json_set_integer(o, "port", row->port, NULL) &&
              json_set_text(o, "host", row->host, NULL) &&
              json_set_text(o, "state", sighting_state_text(row->state), NULL) &&
              json_set_time(o, "tried", row->tried_ms, NULL) &&
              json_set_text(o, "lane", inventory_lane_text(entry->lane), NULL) &&
              json_set_text(o, "fault", row->fault, NULL);
    if (ok && row->not_after_ms != 0) {
        ok = json_set_time(o, "seen", row->seen_ms, NULL) &&
             json_set_text(o, "subject", row->subject, NULL) &&
             json_set_text(o, "issuer", row->issuer, NULL) &&
             json_set_time(o, "not_after", row->not_after_ms, NULL) &&
             json_set_hex(o, "sha256", row->sha256, sizeof(row->sha256), NULL);
    }
    if (ok && entry->binding != NULL) {
        id_format(&entry->binding->id, id);
        ok = json_set_text(o, "binding", id, NULL) &&
             json_set_integer(o, "servers", (int64_t)entry->servers, NULL) &&
             json_set_integer(o, "servers_loaded", (int64_t)entry->loaded, NULL);
    }
    ok =
        ok &&
        (entry->stored == NULL || json_set_text(o, "stored", entry->stored->friendly_name, NULL)) &&
        (entry->served == NULL || json_set_text(o, "served", entry->served->friendly_name, NULL));
    if (!ok) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static void describe(const struct sighting_row *row, const struct inventory_entry *entry,
                     char out[160], enum out_color *out_color) {
    *out_color = OUT_GREEN;
    if (row->state != SIGHTING_SEEN) {
        *out_color = OUT_YELLOW;
        (void)snprintf(out, 160, "%s",
                       row->state == SIGHTING_NOT_TLS ? "does not speak TLS now"
                                                      : "cannot be reached now");
        return;
    }
    switch (entry->lane) {
    case INVENTORY_SAME:
        (void)snprintf(out, 160, "as stored%s",
                       entry->loaded == entry->servers ? "" : "; a server is behind the store");
        break;
    case INVENTORY_DIFFERENT:
        *out_color = OUT_RED;
        (void)snprintf(out, 160, "not what is stored: %.100s",
                       entry->stored == NULL ? "no certificate" : entry->stored->friendly_name);
        break;
    case INVENTORY_UNSEEN:
        *out_color = OUT_YELLOW;
        (void)snprintf(out, 160, "bound, and not seen");
        break;
    case INVENTORY_KNOWN:
        *out_color = OUT_PLAIN;
        (void)snprintf(out, 160, "of this store, not bound there");
        break;
    case INVENTORY_FOREIGN:
        *out_color = OUT_PLAIN;
        (void)snprintf(out, 160, "not of this store");
        break;
    }
}

static bool print_row(struct out_table *table, const struct sighting_row *row,
                      const struct inventory_entry *entry, struct err *e) {
    char says[160];
    char left[16] = "";
    char seen[11];
    enum out_color color = OUT_PLAIN;
    describe(row, entry, says, &color);
    if (row->not_after_ms != 0) {
        view_days_left(row->not_after_ms, left);
    }
    clock_format_day(row->tried_ms, seen);
    const char *const cells[] = {row->listener, row->subject, row->issuer, left, seen, says};
    return out_table_row(table, color, cells, e);
}

static bool list_page(struct cli *cli, const struct filter *filter, struct out_table *table,
                      json_t *array, uint64_t *count, const struct sighting_rows *rows,
                      struct err *e) {
    for (size_t i = 0; i < rows->count && *count < filter->limit; i++) {
        PL_AUTO(inventory_entry_clear) struct inventory_entry entry = {0};
        if (!ops_inventory_compare(cli->ops, rows->items[i], &entry, e)) {
            return false;
        }
        if (!is_wanted(filter, rows->items[i], &entry)) {
            continue;
        }
        (*count)++;
        if (!json_add_taken(array, view_sighting(rows->items[i], &entry), e) ||
            !print_row(table, rows->items[i], &entry, e)) {
            return false;
        }
    }
    return true;
}

static bool run_list(struct cli *cli, struct err *e) {
    static const char *const headers[] = {"LISTENER", "CERTIFICATE", "ISSUER",
                                          "LEFT",     "LOOKED AT",   "SERVED"};
    PL_AUTO(json_freep) json_t *array = json_array();
    PL_AUTO(mem_freep) char *after = NULL;
    struct out_table table;
    int64_t expiring_ms = args_duration_ms(cli->args, "expiring", 0);
    const struct filter filter = {.is_differing = args_flag(cli->args, "differing"),
                                  .before_ms = expiring_ms == 0 ? 0 : clock_now_ms() + expiring_ms,
                                  .limit = args_number(cli->args, "limit", LIMIT_MAX)};
    uint64_t count = 0;
    bool ok = true;
    out_table_begin(&table, &cli->out, headers, PL_ARRAY_LEN(headers));
    do {
        PL_AUTO(sighting_rows_clear) struct sighting_rows rows = {0};
        const struct page page = {.limit = PAGE_ROWS, .after = after};
        ok = store_sighting_list(ops_store(cli->ops), expiring_ms != 0, &page, &rows, e) &&
             list_page(cli, &filter, &table, array, &count, &rows, e);
        mem_free(after);
        after = NULL;
        ok = ok && (rows.next == NULL || mem_strdup(rows.next, &after, e));
    } while (ok && after != NULL && count < filter.limit);
    out_table_end(&table, "nothing is in the inventory; \"padlock scan --inventory\" fills it");
    return ok && out_json(&cli->out, PL_TAKE(array), e);
}

/* --- forget --------------------------------------------------------------------------------------
 */

static bool run_forget(struct cli *cli, struct err *e) {
    bool was_there = false;
    const char *listener = args_at(cli->args, 0);
    if (!ops_inventory_forget(cli->ops, listener, &was_there, e)) {
        return false;
    }
    if (!was_there) {
        (void)err_set(e, ERR_OPS_INVENTORY_MISSING, "%.200s is not in the inventory", listener);
        return err_hint(e, "\"padlock inventory list\" says what is");
    }
    out_line(&cli->out, "forgot %s", listener);
    json_t *o = json_object();
    if (!json_set_text(o, "listener", listener, e)) {
        json_decref(o);
        return false;
    }
    return out_json(&cli->out, o, e);
}

static const struct option list_options[] = {
    {"differing", OPTION_FLAG, NULL,
     "only where what is served, loaded and stored differ, or nothing was seen"},
    {"expiring", OPTION_DURATION, "DURATION", "only certificates that end within it, by their end"},
    {"limit", OPTION_NUMBER, "N", "at most so many"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

const struct command inventory_commands[] = {
    {"inventory list", "", 0, 0, 0, "list what scans have seen, beside what is stored and loaded",
     "For each listener the certificate that was served, and whether it is the one that is bound "
     "there.\n\n  padlock scan --inventory\n  padlock inventory list --differing",
     list_options, run_list},
    {"inventory forget", "LISTENER", 1, 1, COMMAND_CHANGES, "take a listener out of the inventory",
     NULL, NULL, run_forget},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
