/* Every table whose changes are recorded, by name. */
#include "store/tables.h"

#include <string.h>

static const struct table *const tables[] = {
    &settings_table,  &nodes_table,   &keys_table,          &secrets_table,
    &requests_table,  &issuers_table, &crls_table,          &submissions_table,
    &issued_table,    &certs_table,   &intermediates_table, &chain_links_table,
    &sites_table,     &staples_table, &tls_policies_table,  &bindings_table,
    &sightings_table,
};

const struct table *table_by_name(const char *name) {
    for (size_t i = 0; i < PL_ARRAY_LEN(tables); i++) {
        if (strcmp(tables[i]->name, name) == 0) {
            return tables[i];
        }
    }
    return NULL;
}
