/* Submissions: into the queue, found in it, denied. Issuing is in ops/issue.c. */
#include "ops/submission.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "ca/submission.h"
#include "ops/context.h"
#include "ops/issue.h"
#include "ops/issuer.h"

#include <stdio.h>
#include <string.h>

const char *ops_texts_first(const struct texts *texts, const char *otherwise) {
    return texts->count > 0 ? texts->items[0] : otherwise;
}

static bool fill_names(const struct ca_leaf *leaf, struct list *names, struct err *e) {
    list_init(names, SAN_MAX);
    for (size_t i = 0; i < leaf->sans.count; i++) {
        if (!list_add(names, leaf->sans.items[i].text, e)) {
            return false;
        }
    }
    return true;
}

static bool insert_submission(struct ops *ops, const struct submit_wish *wish,
                              const struct ca_leaf *leaf, struct id *out_id, struct err *e) {
    char spec[KEY_SPEC_TEXT];
    key_spec_format(&leaf->key_spec, spec);
    PL_AUTO(mem_freep) char *subject = NULL;
    PL_AUTO(list_clear) struct list names = {0};
    if (!dn_format(&leaf->subject, &subject, e) || !fill_names(leaf, &names, e)) {
        return false;
    }
    struct submission_row row = {
        .csr = {wish->csr->der, wish->csr->der_len},
        .requester = ops->actor,
        .profile = leaf->profile->name,
        .subject = subject,
        .names = {names.items, names.count},
        .key_spec = spec,
        .lifetime_ms = wish->lifetime_ms,
        .is_client_auth = wish->is_client_auth,
        .state = SUBMISSION_PENDING,
        .notices = {leaf->notices.items, leaf->notices.count},
    };
    memcpy(row.spki_sha256, leaf->spki_sha256, sizeof(row.spki_sha256));
    if (!store_submission_insert(ops->store, &row, e)) {
        return false;
    }
    *out_id = row.id;
    return ops_audit(ops, "ca.submit", "submission", &row.id, ops_texts_first(&row.names, subject),
                     e);
}

bool ops_submit(struct ops *ops, const struct submit_wish *wish, struct submission_row **out_row,
                struct ca_leaf *out_leaf, struct ca_problems *out_problems, struct err *e) {
    PL_AUTO(issuer_clear) struct issuer issuer = {0};
    struct ca_gate_wish gate = {.lifetime = {.lifetime_ms = wish->lifetime_ms},
                                .is_client_auth = wish->is_client_auth};
    if ((wish->profile != NULL && !ca_profile_find(wish->profile, &gate.profile, e)) ||
        !ops_issuer_active(ops, &issuer, e)) {
        return false;
    }
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    if (!ca_gate(wish->csr, &gate, &issuer.ca, clock_now_ms(), &leaf, out_problems, e)) {
        return false;
    }
    struct id id;
    PL_AUTO(operation_rollback) struct operation op = {0};
    if (!ops_begin(ops, &op, "ca submit", false, e) ||
        !insert_submission(ops, wish, &leaf, &id, e) ||
        !store_submission_get(ops->store, &id, out_row, e) || !ops_end(ops, &op, e)) {
        return false;
    }
    *out_leaf = leaf;
    leaf = (struct ca_leaf){0};
    return true;
}

static bool texts_have(const struct texts *texts, const char *text) {
    for (size_t i = 0; i < texts->count; i++) {
        if (str_equal_nocase(texts->items[i], text)) {
            return true;
        }
    }
    return false;
}

/* The newest submission in that state with that name; *count says how many there are. */
static bool newest_by_name(struct ops *ops, const char *text, enum submission_state state,
                           struct submission_row **newest, size_t *count, struct err *e) {
    const struct submission_filter filter = {.state = &state};
    PL_AUTO(mem_freep) char *after = NULL;
    do {
        const struct page page = {.limit = STORE_PAGE_MAX, .after = after, .is_descending = true};
        PL_AUTO(submission_rows_clear) struct submission_rows rows = {0};
        if (!store_submission_list(ops->store, &filter, &page, &rows, e)) {
            return false;
        }
        for (size_t i = 0; i < rows.count; i++) {
            if (texts_have(&rows.items[i]->names, text)) {
                *count += 1;
                *newest = *newest == NULL ? PL_TAKE(rows.items[i]) : *newest;
            }
        }
        mem_free(after);
        after = PL_TAKE(rows.next);
    } while (after != NULL);
    return true;
}

static bool ambiguous(const char *text, size_t count, struct err *e) {
    (void)err_set(e, ERR_OPS_SUBMISSION_AMBIGUOUS, "%zu submissions of \"%.200s\" wait", count,
                  text);
    return err_hint(e, "name one by its id; \"padlock ca queue\" shows them");
}

bool ops_submission_pick(struct ops *ops, const char *text, struct submission_row **out_row,
                         struct err *e) {
    static const enum submission_state order[] = {SUBMISSION_PENDING, SUBMISSION_APPROVED,
                                                  SUBMISSION_ISSUED, SUBMISSION_FAILED,
                                                  SUBMISSION_DENIED};
    PL_AUTO(submission_rows_clear) struct submission_rows found = {0};
    if (!store_submission_find(ops->store, text, &found, e)) {
        return false;
    }
    if (found.count == 1) {
        *out_row = PL_TAKE(found.items[0]);
        return true;
    }
    PL_AUTO(submission_row_freep) struct submission_row *newest = NULL;
    for (size_t i = 0; i < PL_ARRAY_LEN(order) && newest == NULL; i++) {
        size_t count = 0;
        if (!newest_by_name(ops, text, order[i], &newest, &count, e)) {
            return false;
        }
        if (count > 1 && order[i] == SUBMISSION_PENDING) {
            return ambiguous(text, count, e);
        }
    }
    if (newest == NULL) {
        (void)err_set(e, ERR_OPS_SUBMISSION_MISSING, "there is no submission \"%.200s\"", text);
        return err_hint(e, "\"padlock ca queue --all\" shows all, with their ids");
    }
    *out_row = PL_TAKE(newest);
    return true;
}

bool ops_deny(struct ops *ops, struct submission_row *row, const char *reason, struct err *e) {
    if (reason[0] == '\0') {
        return err_set(e, ERR_OPS_SUBMISSION_REASON,
                       "a denial needs a reason that the requester can act on");
    }
    PL_AUTO(operation_rollback) struct operation op = {0};
    if (!ca_submission_move(&row->state, SUBMISSION_DENIED, e)) {
        return false;
    }
    row->reason = reason;
    row->decided_by = ops->actor;
    row->decided_ms = clock_now_ms();
    return ops_begin(ops, &op, "ca deny", true, e) && store_submission_update(ops->store, row, e) &&
           ops_audit(ops, "ca.deny", "submission", &row->id, reason, e) && ops_end(ops, &op, e);
}

static bool issued_of_submission(struct ops *ops, const struct submission_row *row,
                                 struct issued_row **out_row, struct err *e) {
    if (row->state == SUBMISSION_ISSUED) {
        return store_issued_get(ops->store, &row->issued_id, out_row, e);
    }
    (void)err_set(e, ERR_OPS_SUBMISSION_STATE, "the submission is %s, there is no certificate yet",
                  submission_state_text(row->state));
    if (row->state == SUBMISSION_DENIED || row->state == SUBMISSION_FAILED) {
        return err_hint(e, "the reason given: %.300s", row->reason);
    }
    return err_hint(e, "\"padlock ca approve\" issues it");
}

bool ops_issued_pick(struct ops *ops, const char *text, struct issued_row **out_row,
                     struct err *e) {
    PL_AUTO(submission_row_freep) struct submission_row *submission = NULL;
    PL_AUTO(issued_rows_clear) struct issued_rows found = {0};
    struct err miss = {0};
    if (ops_submission_pick(ops, text, &submission, &miss)) {
        return issued_of_submission(ops, submission, out_row, e);
    }
    if (miss.code == ERR_OPS_SUBMISSION_AMBIGUOUS) {
        return ambiguous(text, 2, e);
    }
    if (!store_issued_find(ops->store, text, &found, e)) {
        return false;
    }
    if (found.count == 0) {
        (void)err_set(e, ERR_OPS_ISSUED_MISSING, "no certificate was issued for \"%.200s\"", text);
        return err_hint(e, "\"padlock ca issued\" lists them");
    }
    size_t newest = 0;
    for (size_t i = 1; i < found.count; i++) {
        newest = found.items[i]->created_ms > found.items[newest]->created_ms ? i : newest;
    }
    *out_row = PL_TAKE(found.items[newest]);
    return true;
}
