/*
 * Distinguished names.
 *
 * Values that are not text (an embedded NUL, bytes that their string type does not allow, types
 * that are no strings) are kept as "#" and the hexadecimal DER, as RFC 4514 §2.4 writes them: they
 * never look like the name that an attacker wants them to look like.
 */
#include "pki/name.h"

#include "base/buf.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "pki/openssl.h"

#include <openssl/err.h>

#include <string.h>

enum { DN_TEXT_MAX = DN_PARTS_MAX * (3 * DN_VALUE_MAX + 128), OID_TEXT_SIZE = 128 };

/* --- the list --- */

void dn_clear(struct dn *dn) {
    for (size_t i = 0; i < dn->count; i++) {
        mem_free(dn->parts[i].oid);
        mem_free(dn->parts[i].value);
    }
    *dn = (struct dn){0};
}

/* Takes oid (NULL unless nid is NID_undef) and value, also on failure. */
static bool append_part(struct dn *dn, int nid, char *oid, char *value, struct err *e) {
    if (dn->count == DN_PARTS_MAX) {
        mem_free(oid);
        mem_free(value);
        return err_set(e, ERR_PKI_NAME_TOO_MANY, "a name has more than %d parts", DN_PARTS_MAX);
    }
    dn->parts[dn->count++] = (struct dn_part){.nid = nid, .oid = oid, .value = value};
    return true;
}

bool dn_add(struct dn *dn, int nid, const char *value, struct err *e) {
    if (value == NULL || value[0] == '\0') {
        return true;
    }
    if (strlen(value) > DN_VALUE_MAX) {
        return err_set(e, ERR_PKI_NAME_TOO_LONG, "a part of a name is longer than %d bytes",
                       DN_VALUE_MAX);
    }
    char *copy = NULL;
    return mem_strdup(value, &copy, e) && append_part(dn, nid, NULL, copy, e);
}

const char *dn_get(const struct dn *dn, int nid) {
    for (size_t i = 0; i < dn->count; i++) {
        if (dn->parts[i].nid == nid) {
            return dn->parts[i].value;
        }
    }
    return NULL;
}

static bool copy_part(const struct dn_part *part, struct dn *dn, struct err *e) {
    PL_AUTO(mem_freep) char *oid = NULL;
    char *value = NULL;
    if (part->oid != NULL && !mem_strdup(part->oid, &oid, e)) {
        return false;
    }
    return mem_strdup(part->value, &value, e) && append_part(dn, part->nid, PL_TAKE(oid), value, e);
}

bool dn_copy(const struct dn *from, struct dn *out_dn, struct err *e) {
    PL_AUTO(dn_clear) struct dn copy = {0};
    for (size_t i = 0; i < from->count; i++) {
        if (!copy_part(&from->parts[i], &copy, e)) {
            return false;
        }
    }
    *out_dn = copy;
    copy = (struct dn){0};
    return true;
}

/* --- from and to X.509 --- */

static bool is_too_long(size_t len, struct err *e) {
    if (len <= DN_VALUE_MAX) {
        return false;
    }
    (void)err_set(e, ERR_PKI_NAME_TOO_LONG, "a part of a name is longer than %d bytes",
                  DN_VALUE_MAX);
    return true;
}

static bool encode_hash_hex(const ASN1_STRING *string, char **out_text, struct err *e) {
    PL_AUTO(buf_clear) struct buf der;
    buf_init(&der, DN_VALUE_MAX + 8);
    const ASN1_TYPE type = {.type = ASN1_STRING_type(string) & ~V_ASN1_NEG,
                            .value.asn1_string = (ASN1_STRING *)(uintptr_t)string};
    void *text = NULL;
    if (!openssl_append_der(&der, (i2d_of_void *)i2d_ASN1_TYPE, &type, e) ||
        !mem_alloc(2 * der.len + 2, &text, e)) {
        return false;
    }
    *out_text = text;
    (*out_text)[0] = '#';
    hex_encode(der.data, der.len, *out_text + 1);
    return true;
}

/* True when the type is one of text and converted without a NUL. The queue is left empty. */
static bool convert_to_utf8(const ASN1_STRING *string, unsigned char **out_utf8, int *out_len) {
    switch (ASN1_STRING_type(string)) {
    case V_ASN1_UTF8STRING:
    case V_ASN1_PRINTABLESTRING:
    case V_ASN1_IA5STRING:
    case V_ASN1_T61STRING:
    case V_ASN1_BMPSTRING:
    case V_ASN1_UNIVERSALSTRING:
    case V_ASN1_NUMERICSTRING:
    case V_ASN1_VISIBLESTRING:
        break;
    default:
        return false;
    }
    ERR_set_mark();
    *out_len = ASN1_STRING_to_UTF8(out_utf8, string);
    ERR_pop_to_mark();
    return *out_len >= 0 && memchr(*out_utf8, '\0', (size_t)*out_len) == NULL &&
           utf8_is_valid(*out_utf8, (size_t)*out_len);
}

static bool string_to_value(const ASN1_STRING *string, char **out_value, struct err *e) {
    if (is_too_long((size_t)ASN1_STRING_length(string), e)) {
        return false;
    }
    unsigned char *utf8 = NULL;
    int len = 0;
    void *copy = NULL;
    bool ok = false;
    if (!convert_to_utf8(string, &utf8, &len)) {
        ok = encode_hash_hex(string, out_value, e);
    } else if (!is_too_long((size_t)len, e) && mem_dup(utf8, (size_t)len, &copy, e)) {
        *out_value = copy;
        ok = true;
    }
    OPENSSL_free(utf8);
    return ok;
}

static bool oid_to_text(const ASN1_OBJECT *object, char **out_oid, struct err *e) {
    char text[OID_TEXT_SIZE];
    int len = OBJ_obj2txt(text, sizeof(text), object, 1);
    if (len <= 0 || len >= (int)sizeof(text)) {
        return err_set_openssl(e, ERR_PKI_NAME_INVALID,
                               "a name has a part whose type cannot be read");
    }
    return mem_strdup(text, out_oid, e);
}

static bool add_entry(struct dn *dn, const X509_NAME_ENTRY *entry, struct err *e) {
    const ASN1_OBJECT *object = X509_NAME_ENTRY_get_object(entry);
    int nid = OBJ_obj2nid(object);
    PL_AUTO(mem_freep) char *oid = NULL;
    char *value = NULL;
    if (nid == NID_undef && !oid_to_text(object, &oid, e)) {
        return false;
    }
    return string_to_value(X509_NAME_ENTRY_get_data(entry), &value, e) &&
           append_part(dn, nid, PL_TAKE(oid), value, e);
}

bool dn_from_x509_name(const X509_NAME *name, struct dn *out_dn, struct err *e) {
    PL_AUTO(dn_clear) struct dn dn = {0};
    int count = X509_NAME_entry_count(name);
    for (int i = 0; i < count; i++) {
        if (!add_entry(&dn, X509_NAME_get_entry(name, i), e)) {
            return false;
        }
    }
    *out_dn = dn;
    dn = (struct dn){0};
    return true;
}

static int string_type_of(int nid) {
    switch (nid) {
    case NID_countryName:
    case NID_jurisdictionCountryName:
    case NID_serialNumber:
    case NID_dnQualifier:
        return V_ASN1_PRINTABLESTRING;
    case NID_pkcs9_emailAddress:
    case NID_domainComponent:
        return V_ASN1_IA5STRING;
    default:
        return V_ASN1_UTF8STRING;
    }
}

/* X.680 §41.4 */
static bool is_printable_string(const char *text) {
    for (; *text != '\0'; text++) {
        if (!str_is_alpha(*text) && !str_is_digit(*text) && strchr(" '()+,-./:=?", *text) == NULL) {
            return false;
        }
    }
    return true;
}

static bool fits_type(const char *value, int type) {
    switch (type) {
    case V_ASN1_PRINTABLESTRING:
        return is_printable_string(value);
    case V_ASN1_IA5STRING:
        return str_is_ascii(value);
    default:
        return utf8_is_valid(value, strlen(value));
    }
}

static bool append_entry(X509_NAME *name, const struct dn_part *part, struct err *e) {
    int type = string_type_of(part->nid);
    if (!fits_type(part->value, type)) {
        return err_set(e, ERR_PKI_NAME_INVALID,
                       "\"%.200s\" holds characters that its part of the name cannot hold",
                       part->value);
    }
    ASN1_OBJECT *object = part->oid == NULL ? OBJ_nid2obj(part->nid) : OBJ_txt2obj(part->oid, 1);
    X509_NAME_ENTRY *entry = X509_NAME_ENTRY_create_by_OBJ(
        NULL, object, type, (const unsigned char *)part->value, (int)strlen(part->value));
    bool ok = entry != NULL && X509_NAME_add_entry(name, entry, -1, 0) == 1;
    X509_NAME_ENTRY_free(entry);
    ASN1_OBJECT_free(object);
    return ok || err_set_openssl(e, ERR_PKI_NAME_INVALID, "\"%.200s\" cannot be part of a name",
                                 part->value);
}

bool dn_to_x509_name(const struct dn *dn, X509_NAME **out_name, struct err *e) {
    PL_AUTO(x509_name_freep) X509_NAME *name = X509_NAME_new();
    if (name == NULL) {
        return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
    }
    for (size_t i = 0; i < dn->count; i++) {
        if (!append_entry(name, &dn->parts[i], e)) {
            return false;
        }
    }
    *out_name = PL_TAKE(name);
    return true;
}

/* --- RFC 4514 --- */

/* OpenSSL's short name where RFC 4512 allows it as a descriptor, else the dotted form. */
static const char *part_type(const struct dn_part *part) {
    const char *name = part->nid == NID_undef ? NULL : OBJ_nid2sn(part->nid);
    if (name == NULL || !str_is_alpha(name[0])) {
        return NULL;
    }
    for (const char *c = name; *c != '\0'; c++) {
        if (!str_is_alpha(*c) && !str_is_digit(*c) && *c != '-') {
            return NULL;
        }
    }
    return name;
}

static bool format_escaped(struct buf *out, const char *value, struct err *e) {
    size_t len = strlen(value);
    for (size_t i = 0; i < len; i++) {
        char c = value[i];
        bool is_edge_space = c == ' ' && (i == 0 || i == len - 1);
        bool is_first_hash = c == '#' && i == 0;
        bool ok = is_edge_space || is_first_hash || strchr("\"+,;<>\\", c) != NULL
                      ? buf_append_byte(out, '\\', e) && buf_append_byte(out, (uint8_t)c, e)
                      : buf_append_byte(out, (uint8_t)c, e);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* §2.4: a type written as numbers has its value as hexadecimal DER, here of a UTF8String. */
static bool format_hash_hex(struct buf *out, const char *value, struct err *e) {
    ASN1_STRING *string = ASN1_STRING_type_new(V_ASN1_UTF8STRING);
    PL_AUTO(mem_freep) char *text = NULL;
    bool ok = string != NULL && ASN1_STRING_set(string, value, (int)strlen(value)) == 1
                  ? encode_hash_hex(string, &text, e)
                  : err_set_openssl(e, ERR_BASE_OOM, "out of memory");
    ASN1_STRING_free(string);
    return ok && buf_append_string(out, text, e);
}

static bool format_part(struct buf *out, const struct dn_part *part, struct err *e) {
    const char *type = part_type(part);
    if (type != NULL) {
        return buf_printf(out, e, "%s=", type) && format_escaped(out, part->value, e);
    }
    char dotted[OID_TEXT_SIZE];
    const char *oid = part->oid;
    if (oid == NULL) {
        (void)OBJ_obj2txt(dotted, sizeof(dotted), OBJ_nid2obj(part->nid), 1);
        oid = dotted;
    }
    return buf_printf(out, e, "%s=", oid) && format_hash_hex(out, part->value, e);
}

bool dn_format(const struct dn *dn, char **out_text, struct err *e) {
    PL_AUTO(buf_clear) struct buf text;
    buf_init(&text, DN_TEXT_MAX);
    for (size_t i = dn->count; i > 0; i--) {
        if ((text.len > 0 && !buf_append_byte(&text, ',', e)) ||
            !format_part(&text, &dn->parts[i - 1], e)) {
            return false;
        }
    }
    return buf_take_string(&text, out_text, e);
}
