/* padlock inspect: what any file is. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/view.h"
#include "codec/json.h"
#include "ops/verify.h"

#include <stdio.h>

enum { LINES_MAX = 64 };

static json_t *item_document(const struct detected_item *item, const struct list *lines) {
    json_t *o = json_object();
    char key[KEY_SPEC_TEXT];
    key_spec_format(&item->key_spec, key);
    bool ok = o != NULL && json_set_text(o, "kind", sniff_describe(item->kind), NULL) &&
              json_set_text(o, "detail", item->detail, NULL) &&
              json_set_text(o, "problem", item->problem, NULL) &&
              json_set_bool(o, "needs_password", item->needs_password, NULL) &&
              (!item->has_spki || (json_set_hex(o, "spki_sha256", item->spki_sha256, 32, NULL) &&
                                   json_set_text(o, "key", key, NULL))) &&
              (item->cert == NULL || json_set_text(o, "subject", item->cert->subject_text, NULL)) &&
              json_set_taken(o, "relations", view_list(lines), NULL);
    if (!ok) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static void print_item(const struct cli *cli, const struct detected_item *item,
                       const struct list *lines) {
    char key[KEY_SPEC_TEXT] = "";
    if (item->has_spki) {
        key_spec_describe(&item->key_spec, key);
    }
    out_line(&cli->out,
             "- "
             "%s%s%s%s%s",
             sniff_describe(item->kind), key[0] == '\0' ? "" : ", ", key,
             item->detail[0] == '\0' ? "" : ", ", item->detail);
    out_field(&cli->out, "problem", "%s", item->problem);
    if (item->cert != NULL) {
        char ends[11];
        clock_format_day(item->cert->not_after_ms, ends);
        out_field(&cli->out, "subject", "%s", item->cert->subject_text);
        out_field(&cli->out, "issuer", "%s", item->cert->issuer_text);
        out_field(&cli->out, "valid until", "%s", ends);
    }
    if (item->csr != NULL) {
        PL_AUTO(mem_freep) char *subject = NULL;
        if (dn_format(&item->csr->subject, &subject, NULL)) {
            out_field(&cli->out, "subject", "%s", subject);
        }
    }
    for (size_t i = 0; i < lines->count; i++) {
        out_field(&cli->out, "", "%s", lines->items[i]);
    }
}

static bool inspect_items(struct cli *cli, const struct detected *detected, json_t *items,
                          struct err *e) {
    for (size_t i = 0; i < detected->count; i++) {
        const struct detected_item *item = &detected->items[i];
        PL_AUTO(list_clear) struct list lines;
        list_init(&lines, LINES_MAX);
        if (item->has_spki && !ops_relations(cli->ops, item->spki_sha256, detected, &lines, e)) {
            return false;
        }
        print_item(cli, item, &lines);
        (void)json_array_append_new(items, item_document(item, &lines));
    }
    return true;
}

static bool run_inspect(struct cli *cli, struct err *e) {
    PL_AUTO(buf_cleanse) struct buf file = {0};
    PL_AUTO(detected_clear) struct detected detected = {0};
    PL_AUTO(json_freep) json_t *items = json_array();
    const char *path = args_at(cli->args, 0);
    if (!cli_read_file(path, DETECT_INPUT_MAX, &file, e) ||
        !detect(file.data, file.len, clock_now_ms(), &detected, e)) {
        return false;
    }
    out_line(&cli->out, "%s: %s", path, detected.description);
    if (!inspect_items(cli, &detected, items, e)) {
        return false;
    }
    json_t *document = json_object();
    bool ok = json_set_text(document, "file", path, e) &&
              json_set_text(document, "description", detected.description, e) &&
              json_set_taken(document, "items", PL_TAKE(items), e);
    if (!ok) {
        json_decref(document);
        return false;
    }
    return out_json(&cli->out, document, e);
}

const struct command look_commands[] = {
    {"inspect", "FILE", 1, 1, COMMAND_STORE_IF_ANY,
     "say what any file is, and what in this store it belongs to", NULL, NULL, run_inspect},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
