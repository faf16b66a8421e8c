/*
 * The tables of the aggregates. Private to src/store.
 */
#ifndef PL_STORE_TABLES_H
#define PL_STORE_TABLES_H

#include "store/table.h"

extern const struct table settings_table, nodes_table, keys_table, secrets_table, requests_table,
    issuers_table, crls_table, submissions_table, issued_table, certs_table, intermediates_table,
    chain_links_table, sites_table, staples_table, tls_policies_table, bindings_table,
    sightings_table;

#endif
