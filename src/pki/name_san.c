/*
 * Subject alternative names.
 *
 * What is not well-formed (a host name with a NUL or a space, an address of three bytes) is kept as
 * SAN_OTHER with a description: it can be shown and never matches anything.
 */
#include "pki/name.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "codec/hostname.h"
#include "codec/ip.h"
#include "pki/openssl.h"

#include <string.h>

enum { FIRST_CAPACITY = 4, OID_TEXT_SIZE = 128 };

/* --- the list --- */

void san_list_clear(struct san_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        mem_free(list->items[i].text);
    }
    mem_free(list->items);
    *list = (struct san_list){0};
}

static bool san_equal(const struct san *san, enum san_kind kind, const char *text) {
    return san->kind == kind &&
           (kind == SAN_DNS ? str_equal_nocase(san->text, text) : str_equal(san->text, text));
}

bool san_list_has(const struct san_list *list, enum san_kind kind, const char *text) {
    for (size_t i = 0; i < list->count; i++) {
        if (san_equal(&list->items[i], kind, text)) {
            return true;
        }
    }
    return false;
}

static bool reserve_san(struct san_list *list, struct err *e) {
    if (list->count == SAN_MAX) {
        return err_set(e, ERR_PKI_NAME_TOO_MANY, "more than %d subject alternative names", SAN_MAX);
    }
    if (list->count < list->capacity) {
        return true;
    }
    size_t capacity = list->capacity == 0 ? FIRST_CAPACITY : list->capacity * 2;
    void *items = list->items;
    if (!mem_resize(&items, capacity * sizeof(struct san), e)) {
        return false;
    }
    list->items = items;
    list->capacity = capacity;
    return true;
}

bool san_list_add(struct san_list *list, enum san_kind kind, const char *text, struct err *e) {
    if (san_list_has(list, kind, text)) {
        return true;
    }
    char *copy = NULL;
    if (!reserve_san(list, e) || !mem_strdup(text, &copy, e)) {
        return false;
    }
    list->items[list->count++] = (struct san){.kind = kind, .text = copy};
    return true;
}

bool san_list_copy(const struct san_list *from, struct san_list *out_list, struct err *e) {
    PL_AUTO(san_list_clear) struct san_list copy = {0};
    for (size_t i = 0; i < from->count; i++) {
        if (!san_list_add(&copy, from->items[i].kind, from->items[i].text, e)) {
            return false;
        }
    }
    *out_list = copy;
    copy = (struct san_list){0};
    return true;
}

bool san_list_format(const struct san_list *list, char **out_text, struct err *e) {
    PL_AUTO(buf_clear) struct buf text;
    buf_init(&text, (size_t)SAN_MAX * (SAN_TEXT_MAX + 2));
    for (size_t i = 0; i < list->count; i++) {
        if ((i > 0 && !buf_append_string(&text, ", ", e)) ||
            !buf_append_string(&text, list->items[i].text, e)) {
            return false;
        }
    }
    return buf_take_string(&text, out_text, e);
}

/* --- from X.509 --- */

/*
 * Text that is safe to hold as a string: visible ASCII only, as IA5String names of hosts, people
 * and URIs are.
 */
static bool is_visible_ascii(const unsigned char *bytes, int len) {
    for (int i = 0; i < len; i++) {
        if (bytes[i] <= ' ' || bytes[i] >= 0x7F) {
            return false;
        }
    }
    return len > 0 && len <= SAN_TEXT_MAX;
}

static bool add_ia5(struct san_list *list, enum san_kind kind, const ASN1_IA5STRING *string,
                    struct err *e) {
    const unsigned char *bytes = ASN1_STRING_get0_data(string);
    int len = ASN1_STRING_length(string);
    if (!is_visible_ascii(bytes, len)) {
        static const char *const what[] = {[SAN_DNS] = "malformed host name",
                                           [SAN_EMAIL] = "malformed e-mail address",
                                           [SAN_URI] = "malformed URI"};
        return san_list_add(list, SAN_OTHER, what[kind], e);
    }
    char text[SAN_TEXT_MAX + 1];
    memcpy(text, bytes, (size_t)len);
    text[len] = '\0';
    return san_list_add(list, kind, text, e);
}

static bool add_ip(struct san_list *list, const ASN1_OCTET_STRING *string, struct err *e) {
    struct ip ip;
    if (!ip_from_bytes(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string), &ip)) {
        return san_list_add(list, SAN_OTHER, "malformed IP address", e);
    }
    char text[IP_TEXT_SIZE];
    ip_format(&ip, text);
    return san_list_add(list, SAN_IP, text, e);
}

static bool add_directory_name(struct san_list *list, const X509_NAME *name, struct err *e) {
    PL_AUTO(dn_clear) struct dn dn = {0};
    PL_AUTO(mem_freep) char *dn_text = NULL;
    PL_AUTO(mem_freep) char *text = NULL;
    if (!dn_from_x509_name(name, &dn, e) || !dn_format(&dn, &dn_text, e) ||
        !mem_printf(&text, e, "directory name %.*s", SAN_TEXT_MAX - 32, dn_text)) {
        return false;
    }
    utf8_cut(text, SAN_TEXT_MAX);
    return san_list_add(list, SAN_OTHER, text, e);
}

static bool add_oid(struct san_list *list, const char *what, const ASN1_OBJECT *object,
                    struct err *e) {
    char oid[OID_TEXT_SIZE];
    PL_AUTO(mem_freep) char *text = NULL;
    int len = OBJ_obj2txt(oid, sizeof(oid), object, 1);
    bool is_whole = len > 0 && len < (int)sizeof(oid);
    return mem_printf(&text, e, "%s %s", what, is_whole ? oid : "of an unreadable type") &&
           san_list_add(list, SAN_OTHER, text, e);
}

static bool add_general_name(struct san_list *list, const GENERAL_NAME *name, struct err *e) {
    switch (name->type) {
    case GEN_DNS:
        return add_ia5(list, SAN_DNS, name->d.dNSName, e);
    case GEN_IPADD:
        return add_ip(list, name->d.iPAddress, e);
    case GEN_EMAIL:
        return add_ia5(list, SAN_EMAIL, name->d.rfc822Name, e);
    case GEN_URI:
        return add_ia5(list, SAN_URI, name->d.uniformResourceIdentifier, e);
    case GEN_DIRNAME:
        return add_directory_name(list, name->d.directoryName, e);
    case GEN_OTHERNAME:
        return add_oid(list, "other name", name->d.otherName->type_id, e);
    case GEN_RID:
        return add_oid(list, "registered id", name->d.registeredID, e);
    default:
        return san_list_add(list, SAN_OTHER, "other name", e);
    }
}

bool san_list_from_general_names(const GENERAL_NAMES *names, struct san_list *out_list,
                                 struct err *e) {
    PL_AUTO(san_list_clear) struct san_list list = {0};
    int count = names == NULL ? 0 : sk_GENERAL_NAME_num(names);
    for (int i = 0; i < count; i++) {
        if (!add_general_name(&list, sk_GENERAL_NAME_value(names, i), e)) {
            return false;
        }
    }
    *out_list = list;
    list = (struct san_list){0};
    return true;
}

/* --- to X.509 --- */

PL_DEFINE_FREEP(general_names_freep, GENERAL_NAMES, GENERAL_NAMES_free)
PL_DEFINE_FREEP(general_name_freep, GENERAL_NAME, GENERAL_NAME_free)
PL_DEFINE_FREEP(asn1_string_freep, ASN1_STRING, ASN1_STRING_free)

static bool set_general_name(GENERAL_NAME *name, int general_type, int string_type,
                             const void *bytes, size_t len, struct err *e) {
    PL_AUTO(asn1_string_freep) ASN1_STRING *string = ASN1_STRING_type_new(string_type);
    if (string == NULL || ASN1_STRING_set(string, bytes, (int)len) != 1) {
        return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
    }
    GENERAL_NAME_set0_value(name, general_type, PL_TAKE(string));
    return true;
}

static bool say_unencodable(const struct san *san, struct err *e) {
    return err_set(e, ERR_PKI_NAME_INVALID, "\"%.200s\" cannot be a subject alternative name",
                   san->text);
}

static bool set_ia5(GENERAL_NAME *name, int general_type, const struct san *san, struct err *e) {
    size_t len = strlen(san->text);
    if (len > SAN_TEXT_MAX || !is_visible_ascii((const unsigned char *)san->text, (int)len)) {
        return say_unencodable(san, e);
    }
    return set_general_name(name, general_type, V_ASN1_IA5STRING, san->text, len, e);
}

static bool set_san(GENERAL_NAME *name, const struct san *san, struct err *e) {
    struct ip ip;
    switch (san->kind) {
    case SAN_DNS:
        return set_ia5(name, GEN_DNS, san, e);
    case SAN_EMAIL:
        return set_ia5(name, GEN_EMAIL, san, e);
    case SAN_URI:
        return set_ia5(name, GEN_URI, san, e);
    case SAN_IP:
        return ip_parse(san->text, &ip)
                   ? set_general_name(name, GEN_IPADD, V_ASN1_OCTET_STRING, ip.bytes, ip.len, e)
                   : say_unencodable(san, e);
    case SAN_OTHER:
        break;
    }
    return say_unencodable(san, e);
}

static bool append_general_name(GENERAL_NAMES *names, const struct san *san, struct err *e) {
    PL_AUTO(general_name_freep) GENERAL_NAME *name = GENERAL_NAME_new();
    if (name == NULL) {
        return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
    }
    if (!set_san(name, san, e)) {
        return false;
    }
    if (sk_GENERAL_NAME_push(names, name) == 0) {
        return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
    }
    name = NULL;
    return true;
}

bool san_list_to_extension(const struct san_list *list, bool is_critical,
                           X509_EXTENSION **out_extension, struct err *e) {
    if (list->count == 0) {
        return err_set(e, ERR_PKI_NAME_INVALID, "there is no subject alternative name to encode");
    }
    PL_AUTO(general_names_freep) GENERAL_NAMES *names = GENERAL_NAMES_new();
    if (names == NULL) {
        return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
    }
    for (size_t i = 0; i < list->count; i++) {
        if (!append_general_name(names, &list->items[i], e)) {
            return false;
        }
    }
    X509_EXTENSION *extension = X509V3_EXT_i2d(NID_subject_alt_name, is_critical ? 1 : 0, names);
    if (extension == NULL) {
        return err_set_openssl(e, ERR_PKI_DER_ENCODE,
                               "cannot encode the subject alternative names");
    }
    *out_extension = extension;
    return true;
}

/* --- as typed --- */

/* The text without spaces at its ends; false when it is longer than any name. */
static bool trim(const char *text, char out[SAN_TEXT_MAX + 1]) {
    while (str_is_space(*text)) {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && str_is_space(text[len - 1])) {
        len--;
    }
    if (len > SAN_TEXT_MAX) {
        return false;
    }
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

bool san_list_add_typed(struct san_list *list, const char *text, struct err *e) {
    char typed[SAN_TEXT_MAX + 1];
    if (!trim(text, typed)) {
        return err_set(e, ERR_PKI_NAME_TOO_LONG, "a name is longer than %d bytes", SAN_TEXT_MAX);
    }
    struct ip ip;
    if (ip_parse(typed, &ip)) {
        char canonical[IP_TEXT_SIZE];
        ip_format(&ip, canonical);
        return san_list_add(list, SAN_IP, canonical, e);
    }
    char name[HOSTNAME_SIZE];
    return hostname_pattern_from_typed(typed, name, e) && san_list_add(list, SAN_DNS, name, e);
}
