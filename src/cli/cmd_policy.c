/* padlock policy …: which versions, cipher suites, groups and signatures bindings speak. */
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/view.h"
#include "codec/json.h"
#include "ops/policies.h"
#include "tls/policy_words.h"

#include <stdio.h>

/* The names of a policy's lists. Clear works on a zeroed struct. */
struct policy_names {
    struct list suites;
    struct list groups;
    struct list schemes;
};

static void policy_names_clear(struct policy_names *names) {
    list_clear(&names->suites);
    list_clear(&names->groups);
    list_clear(&names->schemes);
}

static bool read_names(const struct tls_policy *policy, struct policy_names *out, struct err *e) {
    list_init(&out->suites, TLS_POLICY_NAMES_MAX);
    list_init(&out->groups, TLS_POLICY_NAMES_MAX);
    list_init(&out->schemes, TLS_POLICY_NAMES_MAX);
    return tls_policy_names(TLS_KIND_SUITE, policy->suites_tls13, &out->suites, e) &&
           tls_policy_names(TLS_KIND_SUITE, policy->suites_tls12, &out->suites, e) &&
           tls_policy_names(TLS_KIND_GROUP, policy->groups, &out->groups, e) &&
           tls_policy_names(TLS_KIND_SCHEME, policy->signature_schemes, &out->schemes, e);
}

static void format_versions(const struct tls_policy *policy, char out[32]) {
    const char *min = tls_version_text(policy->version_min);
    const char *max = tls_version_text(policy->version_max);
    bool is_one = policy->version_min == policy->version_max;
    (void)snprintf(out, 32, "%s%s%s", min, is_one ? "" : " to ", is_one ? "" : max);
}

static json_t *view_policy(const struct policy_found *found, const struct policy_names *names,
                           size_t use_count) {
    const struct tls_policy *policy = found->policy;
    json_t *o = json_object();
    bool ok = o != NULL && json_set_text(o, "name", policy->name, NULL) &&
              json_set_text(o, "about", policy->about, NULL) &&
              json_set_bool(o, "is_built_in", found->row == NULL, NULL) &&
              json_set_text(o, "version_min", tls_version_text(policy->version_min), NULL) &&
              json_set_text(o, "version_max", tls_version_text(policy->version_max), NULL) &&
              json_set_taken(o, "suites", view_list(&names->suites), NULL) &&
              json_set_taken(o, "groups", view_list(&names->groups), NULL) &&
              json_set_taken(o, "signatures", view_list(&names->schemes), NULL) &&
              json_set_integer(o, "bindings", (int64_t)use_count, NULL);
    if (!ok) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static void print_list(const struct out *out, const char *label, const struct list *names) {
    for (size_t i = 0; i < names->count; i++) {
        out_field(out, i == 0 ? label : "", "%s", names->items[i]);
    }
}

static bool print_policy(struct cli *cli, const struct policy_found *found, const char *verb,
                         struct err *e) {
    PL_AUTO(policy_names_clear) struct policy_names names = {0};
    char versions[32];
    size_t use_count = 0;
    if (!read_names(found->policy, &names, e) ||
        !ops_policy_use_count(cli->ops, found, &use_count, e)) {
        return false;
    }
    format_versions(found->policy, versions);
    out_line(&cli->out, "%sTLS policy \"%s\"%s", verb, found->policy->name,
             found->row == NULL ? ", built in" : "");
    out_field(&cli->out, "about", "%s", found->policy->about);
    out_field(&cli->out, "versions", "%s", versions);
    print_list(&cli->out, "cipher suites", &names.suites);
    print_list(&cli->out, "groups", &names.groups);
    print_list(&cli->out, "signatures", &names.schemes);
    out_field(&cli->out, "bindings", "%zu%s", use_count,
              use_count == STORE_PAGE_MAX ? " or more" : "");
    return out_json(&cli->out, view_policy(found, &names, use_count), e);
}

static bool list_one(struct cli *cli, struct out_table *table, json_t *items,
                     const struct policy_found *found, struct err *e) {
    PL_AUTO(policy_names_clear) struct policy_names names = {0};
    char versions[32];
    char suites[16];
    char uses[32];
    size_t use_count = 0;
    if (!read_names(found->policy, &names, e) ||
        !ops_policy_use_count(cli->ops, found, &use_count, e)) {
        return false;
    }
    format_versions(found->policy, versions);
    (void)snprintf(suites, sizeof(suites), "%zu", names.suites.count);
    (void)snprintf(uses, sizeof(uses), "%zu%s", use_count, use_count == STORE_PAGE_MAX ? "+" : "");
    const char *cells[] = {found->policy->name,
                           versions,
                           suites,
                           names.groups.count == 0 ? "" : names.groups.items[0],
                           uses,
                           found->policy->about};
    (void)json_array_append_new(items, view_policy(found, &names, use_count));
    return out_table_row(table, OUT_PLAIN, cells, e);
}

static bool list_own(struct cli *cli, struct out_table *table, json_t *items,
                     struct tls_policy_rows *rows, struct err *e) {
    for (size_t i = 0; i < rows->count; i++) {
        PL_AUTO(policy_found_clear) struct policy_found found = {.row = rows->items[i]};
        rows->items[i] = NULL;
        if (!ops_policy_from_row(found.row, &found.owned, e)) {
            return false;
        }
        found.policy = found.owned;
        if (!list_one(cli, table, items, &found, e)) {
            return false;
        }
    }
    return true;
}

static bool run_list(struct cli *cli, struct err *e) {
    static const char *const headers[] = {"NAME",        "VERSIONS", "SUITES",
                                          "FIRST GROUP", "BINDINGS", "ABOUT"};
    const struct page page = {.limit = (size_t)args_number(cli->args, "limit", STORE_PAGE_DEFAULT),
                              .after = args_text(cli->args, "after")};
    PL_AUTO(tls_policy_rows_clear) struct tls_policy_rows rows = {0};
    if (!store_tls_policy_list(ops_store(cli->ops), &page, &rows, e)) {
        return false;
    }
    struct out_table table;
    json_t *items = json_array();
    bool ok = true;
    out_table_begin(&table, &cli->out, headers, PL_ARRAY_LEN(headers));
    for (size_t i = 0; ok && page.after == NULL && tls_policy_at(i) != NULL; i++) {
        const struct policy_found found = {.policy = tls_policy_at(i)};
        ok = list_one(cli, &table, items, &found, e);
    }
    ok = ok && list_own(cli, &table, items, &rows, e);
    out_table_end(&table, NULL);
    return out_json(&cli->out, json_pack("{s:o, s:s?}", "policies", items, "next", rows.next), e) &&
           ok;
}

static bool run_show(struct cli *cli, struct err *e) {
    PL_AUTO(policy_found_clear) struct policy_found found = {0};
    return ops_policy_pick(cli->ops, args_at(cli->args, 0), &found, e) &&
           print_policy(cli, &found, "", e);
}

static struct policy_wish wish_of(const struct cli *cli) {
    return (struct policy_wish){.name = args_at(cli->args, 0),
                                .about = args_text(cli->args, "about"),
                                .versions = args_text(cli->args, "versions"),
                                .suites = args_text(cli->args, "suites"),
                                .groups = args_text(cli->args, "groups"),
                                .schemes = args_text(cli->args, "signatures")};
}

static bool run_add(struct cli *cli, struct err *e) {
    PL_AUTO(policy_found_clear) struct policy_found found = {0};
    struct policy_wish wish = wish_of(cli);
    wish.base = args_text(cli->args, "from");
    return ops_policy_add(cli->ops, &wish, &found, e)
               ? print_policy(cli, &found, "added: ", e)
               : err_wrap(e, "could not add the TLS policy \"%.63s\"", wish.name);
}

static bool run_set(struct cli *cli, struct err *e) {
    PL_AUTO(policy_found_clear) struct policy_found found = {0};
    const struct policy_wish wish = wish_of(cli);
    if (!ops_policy_pick(cli->ops, wish.name, &found, e)) {
        return false;
    }
    return ops_policy_set(cli->ops, &found, &wish, e)
               ? print_policy(cli, &found, "changed: ", e)
               : err_wrap(e, "could not change the TLS policy \"%.63s\"", wish.name);
}

static bool run_remove(struct cli *cli, struct err *e) {
    PL_AUTO(policy_found_clear) struct policy_found found = {0};
    const char *name = args_at(cli->args, 0);
    if (!ops_policy_pick(cli->ops, name, &found, e)) {
        return false;
    }
    return ops_policy_remove(cli->ops, &found, e)
               ? print_policy(cli, &found, "removed: ", e)
               : err_wrap(e, "could not remove the TLS policy \"%.63s\"", name);
}

static const struct option list_options[] = {
    {"limit", OPTION_NUMBER, "N", "how many of your own (default 100, at most 1000)"},
    {"after", OPTION_TEXT, "PLACE", "the next page: \"next\" of the page before"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

#define CONTENT_OPTIONS                                                                            \
    {"versions", OPTION_TEXT, "MIN-MAX", "TLS versions: 1.3, 1.2-1.3, 1.0-1.3"},                   \
        {"suites", OPTION_TEXT, "LIST",                                                            \
         "cipher suites in order of preference, joined by commas; IANA's or OpenSSL's names"},     \
        {"groups", OPTION_TEXT, "LIST", "key exchange groups in order of preference"},             \
        {"signatures", OPTION_TEXT, "LIST", "signature schemes in order of preference"}, {         \
        "about", OPTION_TEXT, "TEXT", "a sentence for people"                                      \
    }

static const struct option add_options[] = {
    {"from", OPTION_TEXT, "POLICY",
     "what it has where nothing else is said (default: intermediate)"},
    CONTENT_OPTIONS,
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option set_options[] = {
    CONTENT_OPTIONS,
    {NULL, OPTION_FLAG, NULL, NULL},
};

const struct command policy_commands[] = {
    {"policy list", "", 0, 0, 0, "list the TLS policies, built-in ones first", NULL, list_options,
     run_list},
    {"policy show", "POLICY", 1, 1, 0, "show what a TLS policy allows, in order of preference",
     NULL, NULL, run_show},
    {"policy add", "NAME", 1, 1, COMMAND_CHANGES, "make a TLS policy of your own",
     "It begins as a copy of --from, without what its versions do not use. A policy that no\n"
     "client could use is refused; RSA key exchange is never served; 0-RTT is always off.\n\n"
     "  padlock policy add fast --from modern --groups X25519\n"
     "  padlock policy add strong --suites TLS_AES_256_GCM_SHA384 --versions 1.3",
     add_options, run_add},
    {"policy set", "POLICY", 1, 1, COMMAND_CHANGES,
     "change a TLS policy; its bindings speak it within a second",
     "Refused when a binding's certificate could not be used any more. \"padlock undo\" takes it "
     "back.",
     set_options, run_set},
    {"policy remove", "POLICY", 1, 1, COMMAND_CHANGES,
     "remove a TLS policy; refused while a binding has it", NULL, NULL, run_remove},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
