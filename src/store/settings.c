/* Settings: texts by name. */
#include "store/query.h"
#include "store/store.h"
#include "store/tables.h"

#include <string.h>

struct setting_row {
    STORE_ROW_HEAD;
    const char *name;
    const char *value;
};

static const struct column columns[] = {
    HEAD_COLUMNS(setting_row),
    COLUMN(setting_row, name, COLUMN_TEXT),
    COLUMN(setting_row, value, COLUMN_TEXT),
};

const struct table settings_table = {
    .name = "settings",
    .noun = "setting",
    .taken = "a setting of this name is already there",
    .columns = columns,
    .column_count = PL_ARRAY_LEN(columns),
    .row_size = sizeof(struct setting_row),
};

static bool find(struct store *store, const char *name, struct setting_row **out_row,
                 struct err *e) {
    PL_AUTO(query_clear) struct query q;
    void *row = NULL;
    query_select_live(&q, &settings_table, e);
    query_sql(&q, " AND t.name = ");
    query_text(&q, name);
    if (!query_one(&q, store, &settings_table, &row, e)) {
        return false;
    }
    *out_row = row;
    return true;
}

bool store_setting_get(struct store *store, const char *name, char **out_value, struct err *e) {
    PL_AUTO(mem_freep) struct setting_row *row = NULL;
    if (!find(store, name, &row, e)) {
        return false;
    }
    if (row == NULL) {
        *out_value = NULL;
        return true;
    }
    return mem_strdup(row->value, out_value, e);
}

bool store_setting_set(struct store *store, const char *name, const char *value, struct err *e) {
    PL_AUTO(mem_freep) struct setting_row *row = NULL;
    if (!find(store, name, &row, e)) {
        return false;
    }
    if (row == NULL) {
        struct setting_row fresh = {.name = name, .value = value};
        return table_insert(store, &settings_table, &fresh, e);
    }
    if (strcmp(row->value, value) == 0) {
        return true;
    }
    row->value = value;
    return table_update(store, &settings_table, row, e);
}
