/* The table of revocation reasons. */
#include "ca/reason.h"

#include "base/str.h"

static const struct ca_reason reasons[] = {
    {0, "unspecified", "no reason is given", true, false, 120},
    {1, "keyCompromise", "someone else has, or may have, the private key", true, true, 24},
    {2, "cACompromise", "the CA's own private key was compromised", false, false, 0},
    {3, "affiliationChanged", "the organization or another part of the subject has changed", true,
     true, 120},
    {4, "superseded", "another certificate has taken its place", true, true, 120},
    {5, "cessationOfOperation", "the name is no longer used, or no longer the subscriber's", true,
     true, 120},
    {6, "certificateHold", "suspended for a while", false, false, 0},
    {8, "removeFromCRL", "no longer suspended", false, false, 0},
    {9, "privilegeWithdrawn", "the subscriber broke the agreement or gave false data", true, true,
     120},
    {10, "aACompromise", "an attribute authority was compromised", false, false, 0},
};

const struct ca_reason *ca_reason_get(int code) {
    for (size_t i = 0; i < PL_ARRAY_LEN(reasons); i++) {
        if (reasons[i].code == code) {
            return &reasons[i];
        }
    }
    return NULL;
}

const struct ca_reason *ca_reason_all(size_t *out_count) {
    *out_count = PL_ARRAY_LEN(reasons);
    return reasons;
}

/* Letters in either case; hyphens in the text are passed over. */
static bool is_named(const char *text, const char *name) {
    for (; *text != '\0'; text++) {
        if (*text == '-') {
            continue;
        }
        if (str_lower_char(*text) != str_lower_char(*name)) {
            return false;
        }
        name++;
    }
    return *name == '\0';
}

static const struct ca_reason *find_reason(const char *text) {
    uint64_t code = 0;
    if (str_to_u64(text, 10, &code)) {
        return ca_reason_get((int)code);
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(reasons); i++) {
        if (is_named(text, reasons[i].name)) {
            return &reasons[i];
        }
    }
    return NULL;
}

bool ca_reason_parse(const char *text, const struct ca_reason **out_reason, struct err *e) {
    const struct ca_reason *reason = find_reason(text);
    if (reason != NULL && reason->is_allowed) {
        *out_reason = reason;
        return true;
    }
    if (reason == NULL) {
        (void)err_set(e, ERR_CA_REVOKE_REASON, "\"%.60s\" is not a reason for revoking", text);
    } else {
        (void)err_set(e, ERR_CA_REVOKE_REASON, "a server certificate is not revoked for %s",
                      reason->name);
    }
    return err_hint(e,
                    "reasons: keyCompromise, superseded, cessationOfOperation, affiliationChanged, "
                    "privilegeWithdrawn, unspecified");
}
