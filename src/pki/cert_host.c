/*
 * Which hosts a certificate is for, by RFC 9525: its subject alternative names and nothing else.
 *
 * Limits: a host of HOST_MAX bytes. The wildcard is the whole leftmost label, stands for exactly
 * one label, and needs two labels after it, as browsers and OpenSSL ask. The common name never
 * counts.
 */
#include "pki/cert.h"

#include "base/str.h"
#include "codec/hostname.h"

#include <string.h>

enum { HOST_MAX = 1024 };

static bool is_plain_ascii(const char *text) {
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

/*
 * What the user typed as a name of the certificate's kind: A-labels, lower case, canonical address.
 * Host names that no CA of ours would issue (underscores) are compared as they stand.
 */
static bool canonical_host(const char *typed, struct san_list *out_host) {
    char host[HOST_MAX];
    if (typed[0] == '\0' || !str_copy(host, sizeof(host), typed)) {
        return false;
    }
    size_t len = strlen(host);
    if (host[len - 1] == '.') {
        host[len - 1] = '\0'; /* the root's dot says nothing more */
    }
    struct err ignored = {0};
    if (san_list_add_typed(out_host, host, &ignored)) {
        return true;
    }
    return is_plain_ascii(host) && ignored.code != ERR_BASE_OOM &&
           san_list_add(out_host, SAN_DNS, host, &ignored);
}

/* As browsers and OpenSSL have it, "*.com" and "w*.example.com" stand for nothing. */
static bool is_usable_pattern(const char *pattern) {
    if (strchr(pattern, '*') == NULL) {
        return true;
    }
    return hostname_is_wildcard(pattern) && strchr(pattern + 2, '.') != NULL &&
           strchr(pattern + 2, '*') == NULL;
}

static bool matches(const struct san *name, const struct san *host) {
    if (name->kind != host->kind) {
        return false;
    }
    return host->kind == SAN_DNS
               ? is_usable_pattern(name->text) && hostname_matches(name->text, host->text)
               : str_equal(name->text, host->text);
}

bool cert_covers_host(const struct cert *cert, const char *host) {
    PL_AUTO(san_list_clear) struct san_list canonical = {0};
    if (!canonical_host(host, &canonical)) {
        return false;
    }
    for (size_t i = 0; i < cert->sans.count; i++) {
        if (matches(&cert->sans.items[i], &canonical.items[0])) {
            return true;
        }
    }
    return false;
}
