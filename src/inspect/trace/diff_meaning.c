/* What differences mean: a table of sentences, and what the registry says of each value. */
#include "base/str.h"
#include "inspect/trace/diff_parts.h"
#include "tls/registry.h"

#include <string.h>

struct meaning {
    const char *section;
    const char *name; /* for certificates without their number */
    const char *text;
};

static const struct meaning meanings[] = {
    {"agreed", "key exchange",
     "with RSA, whoever gets the certificate's key later can read what was recorded; ECDHE, DHE "
     "and TLS 1.3 have forward secrecy"},
    {"agreed", "protocol",
     "what is spoken inside: h2 carries many requests on one connection, http/1.1 one after the "
     "other"},
    {"agreed", "resumed",
     "a resumed session shows no certificate: it stands on the handshake before it"},
    {"agreed", "second hello",
     "a HelloRetryRequest costs a round trip: the server wants a group for which no value was sent "
     "ahead"},
    {"agreed", "extended master secret",
     "without it a session's keys are not bound to its handshake: the triple handshake attack (RFC "
     "7627)"},
    {"agreed", "encrypt then MAC",
     "matters for CBC suites alone: without it, padding can be probed (RFC 7366)"},
    {"agreed", "asks for a client certificate",
     "one of the two wants to know who the client is, or lets nobody else in"},
    {"agreed", "JA4S",
     "unless the offers differ, another kind of server answers, or one that is set up in another "
     "way"},
    {"certificates", "count",
     "a client that does not know an issuer in between finds no root without it"},
    {"certificates", "issuer", "another CA has signed it, or another key of the same one"},
    {"certificates", "key",
     "clients choose by what they can check; small EC keys make handshakes shorter than RSA's"},
    {"certificates", "not_after", "one is older than the other, or issued for another time"},
    {"certificates", "sha256", "not the same certificate"},
    {"certificates", "names", "a browser refuses a name that is not among them"},
    {"certificates", "check: signature",
     "a signature that is wrong, or was not there to be checked"},
    {"certificates", "check: dates", "what one client accepts today, it refuses at the other"},
    {"certificates", "check: issuer", "one is issued by somebody whom this client trusts"},
    {"certificates", "check: name", "one is for the name that was asked for, the other is not"},
    {"checks", "server Finished", "one of the two did not see the handshake that we saw"},
    {"checks", "no downgrade",
     "a server said that it could do better: somebody changed the hello on its way"},
    {"messages", "in their order", "the two handshakes are not of one kind, or ended elsewhere"},
    {"message", "cipher_suites / suite",
     "the server chooses among these, and most by their order here"},
    {"message", "extensions", "what one side alone says, the other cannot act on"},
};

/* Certificates' rows begin with "1: ". */
static const char *without_number(const char *name) {
    size_t digits = strspn(name, "0123456789");
    return digits > 0 && name[digits] == ':' && name[digits + 1] == ' ' ? name + digits + 2 : name;
}

static const char *find(const char *section, const char *name) {
    const char *plain = str_equal(section, "certificates") ? without_number(name) : name;
    for (size_t i = 0; i < PL_ARRAY_LEN(meanings); i++) {
        if (str_equal(meanings[i].section, section) && str_equal(meanings[i].name, plain)) {
            return meanings[i].text;
        }
    }
    return NULL;
}

/* --- values of the registry ----------------------------------------------------------------------
 */

static const struct tls_entry *entry_of(enum tls_kind kind, const json_t *values) {
    const char *name = json_string_value(json_array_get(values, 0));
    return name == NULL ? NULL : tls_registry_named(kind, name, strlen(name));
}

/* "A: …; B: …", of those that the registry knows. */
static bool say_entries(enum tls_kind kind, const json_t *a, const json_t *b, struct buf *out,
                        struct err *e) {
    const struct tls_entry *of_a = entry_of(kind, a);
    const struct tls_entry *of_b = entry_of(kind, b);
    bool has_a = of_a != NULL && of_a->about[0] != '\0';
    bool has_b = of_b != NULL && of_b->about[0] != '\0';
    if (has_a && has_b && str_equal(of_a->about, of_b->about)) {
        return buf_printf(out, e, "both: %s", of_a->about);
    }
    return (!has_a || buf_printf(out, e, "A: %s%s", of_a->about, has_b ? "; " : "")) &&
           (!has_b || buf_printf(out, e, "B: %s", of_b->about));
}

static bool say_agreed(const char *name, const json_t *a, const json_t *b, struct buf *out,
                       struct err *e, bool *out_is_said) {
    static const struct {
        const char *name;
        enum tls_kind kind;
    } rows[] = {{"version", TLS_KIND_VERSION},
                {"suite", TLS_KIND_SUITE},
                {"group", TLS_KIND_GROUP},
                {"signature", TLS_KIND_SCHEME}};
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if (str_equal(rows[i].name, name)) {
            *out_is_said = true;
            return say_entries(rows[i].kind, a, b, out, e);
        }
    }
    *out_is_said = false;
    return true;
}

/* A field inside an extension: what the extension is for. */
static bool say_extension(const char *path, struct buf *out, struct err *e) {
    const char *end = strstr(path, " / ");
    size_t len = end == NULL ? strlen(path) : (size_t)(end - path);
    const struct tls_entry *entry = tls_registry_named(TLS_KIND_EXTENSION, path, len);
    return entry == NULL || entry->about[0] == '\0' ||
           buf_printf(out, e, "%s: %s", entry->name, entry->about);
}

bool diff_meaning(const char *section, const char *name, const json_t *a, const json_t *b,
                  struct buf *out, struct err *e) {
    bool is_said = false;
    if (str_equal(section, "agreed") && !say_agreed(name, a, b, out, e, &is_said)) {
        return false;
    }
    if (is_said) {
        return true;
    }
    bool is_one_sided = json_array_size(a) == 0 || json_array_size(b) == 0;
    if (is_one_sided && str_equal(section, "certificates")) {
        return true; /* said at their count */
    }
    const char *text = find(section, name);
    if (text != NULL) {
        return buf_append_string(out, text, e);
    }
    return !str_equal(section, "message") || say_extension(name, out, e);
}
