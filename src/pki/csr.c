/*
 * One certificate request out of DER: what it asks for, and what of that is left aside.
 * Limits: CSR_DER_MAX bytes, CSR_NOTICES_MAX notices (further ones are dropped).
 */
#include "pki/request.h"

#include "base/mem.h"
#include "base/str.h"
#include "pki/openssl.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include <string.h>

static void extensions_free(X509_EXTENSIONS *extensions) {
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}
PL_DEFINE_FREEP(extensions_freep, X509_EXTENSIONS, extensions_free)
PL_DEFINE_FREEP(general_names_freep, GENERAL_NAMES, GENERAL_NAMES_free)
PL_DEFINE_FREEP(basic_constraints_freep, BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free)

void csr_free(struct csr *csr) {
    if (csr == NULL) {
        return;
    }
    X509_REQ_free(csr->req);
    mem_free(csr->der);
    dn_clear(&csr->subject);
    san_list_clear(&csr->sans);
    EVP_PKEY_free(csr->key);
    list_clear(&csr->notices);
    mem_free(csr);
}

static bool say_malformed(const char *what, struct err *e) {
    return err_set_openssl(e, ERR_PKI_CSR_MALFORMED, "the certificate request is damaged: %s",
                           what);
}

/* A full list drops further notices: they are a courtesy. */
static bool add_notice(struct csr *csr, const char *text, struct err *e) {
    return csr->notices.count == CSR_NOTICES_MAX || list_add_new(&csr->notices, text, e);
}

/* --- attributes --- */

enum { OID_TEXT_SIZE = 128 };

static bool is_one_of(const char *oid, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (str_equal(oid, list[i])) {
            return true;
        }
    }
    return false;
}

/* Most are those of Windows' certreq and IIS, which say how the request was made. */
static bool is_silent_attribute(const char *oid) {
    static const char *const silent[] = {
        "1.2.840.113549.1.9.14",  /* extension request */
        "1.3.6.1.4.1.311.2.1.14", /* the same by Microsoft */
        "1.3.6.1.4.1.311.13.2.3", /* version of Windows */
        "1.3.6.1.4.1.311.21.20",  /* program, user and machine */
        "1.3.6.1.4.1.311.13.2.2", /* cryptographic provider */
        "1.3.6.1.4.1.311.13.1",   /* certificate to renew */
        "1.2.840.113549.1.9.2",   /* unstructured name */
    };
    return is_one_of(oid, silent, PL_ARRAY_LEN(silent));
}

static bool note_attribute(struct csr *csr, const char *oid, struct err *e) {
    if (is_silent_attribute(oid)) {
        return true;
    }
    if (str_equal(oid, "1.2.840.113549.1.9.7")) {
        return add_notice(
            csr, "the challenge password is left aside; whoever has the request can read it", e);
    }
    PL_AUTO(mem_freep) char *text = NULL;
    return mem_printf(&text, e, "the attribute %s is left aside", oid) && add_notice(csr, text, e);
}

/* Two extension requests would let two readers see two requests. */
static bool read_attributes(struct csr *csr, struct err *e) {
    int extension_requests = 0;
    for (int i = 0; i < X509_REQ_get_attr_count(csr->req); i++) {
        const ASN1_OBJECT *object = X509_ATTRIBUTE_get0_object(X509_REQ_get_attr(csr->req, i));
        char oid[OID_TEXT_SIZE];
        (void)OBJ_obj2txt(oid, sizeof(oid), object, 1);
        int nid = OBJ_obj2nid(object);
        extension_requests += nid == NID_ext_req || nid == NID_ms_ext_req ? 1 : 0;
        if (!note_attribute(csr, oid, e)) {
            return false;
        }
    }
    return extension_requests <= 1 || say_malformed("it asks for extensions twice", e);
}

/* --- extensions --- */

static bool read_sans(struct csr *csr, X509_EXTENSION *extension, struct err *e) {
    PL_AUTO(general_names_freep) GENERAL_NAMES *names = X509V3_EXT_d2i(extension);
    if (names == NULL) {
        return say_malformed("its subject alternative names cannot be read", e);
    }
    return san_list_from_general_names(names, &csr->sans, e);
}

static bool read_basic_constraints(struct csr *csr, X509_EXTENSION *extension, struct err *e) {
    PL_AUTO(basic_constraints_freep) BASIC_CONSTRAINTS *constraints = X509V3_EXT_d2i(extension);
    if (constraints == NULL) {
        return say_malformed("its basic constraints cannot be read", e);
    }
    csr->asks_for_ca = constraints->ca != 0;
    return !csr->asks_for_ca ||
           add_notice(csr,
                      "it asks to become a CA, which a server certificate never is; left aside", e);
}

/*
 * What request generators add and every profile sets by itself. By number: OpenSSL 3.0 lacks some
 * names.
 */
static bool is_silent_extension(const char *oid) {
    static const char *const silent[] = {
        "2.5.29.14",             /* subject key identifier */
        "2.5.29.15",             /* key usage */
        "2.5.29.37",             /* extended key usage */
        "2.16.840.1.113730.1.1", /* Netscape certificate type */
        "1.2.840.113549.1.9.15", /* S/MIME capabilities */
        "1.3.6.1.4.1.311.20.2",  /* Microsoft certificate template, by name */
        "1.3.6.1.4.1.311.21.7",  /* and by number */
        "1.3.6.1.4.1.311.21.10", /* Microsoft application policies */
    };
    return is_one_of(oid, silent, PL_ARRAY_LEN(silent));
}

static bool read_extension(struct csr *csr, X509_EXTENSION *extension, struct err *e) {
    const ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);
    int nid = OBJ_obj2nid(object);
    char oid[OID_TEXT_SIZE];
    (void)OBJ_obj2txt(oid, sizeof(oid), object, 1);
    if (nid == NID_subject_alt_name) {
        return read_sans(csr, extension, e);
    }
    if (nid == NID_basic_constraints) {
        return read_basic_constraints(csr, extension, e);
    }
    if (is_silent_extension(oid)) {
        return true;
    }
    PL_AUTO(mem_freep) char *text = NULL;
    return mem_printf(&text, e, "the extension %s%s%s is left aside",
                      nid == NID_undef ? "" : OBJ_nid2ln(nid), nid == NID_undef ? "" : " ", oid) &&
           add_notice(csr, text, e);
}

static bool is_repeated(const X509_EXTENSIONS *extensions, int at) {
    const ASN1_OBJECT *object = X509_EXTENSION_get_object(sk_X509_EXTENSION_value(extensions, at));
    for (int i = 0; i < at; i++) {
        if (OBJ_cmp(X509_EXTENSION_get_object(sk_X509_EXTENSION_value(extensions, i)), object) ==
            0) {
            return true;
        }
    }
    return false;
}

enum { EXTENSIONS_MAX = 64 };

/* X509_REQ_get_extensions() knows both numbers of the extension request. */
static bool read_extensions(struct csr *csr, struct err *e) {
    bool has_request = X509_REQ_get_attr_by_NID(csr->req, NID_ext_req, -1) >= 0 ||
                       X509_REQ_get_attr_by_NID(csr->req, NID_ms_ext_req, -1) >= 0;
    if (!has_request) {
        return true;
    }
    PL_AUTO(extensions_freep) X509_EXTENSIONS *extensions = X509_REQ_get_extensions(csr->req);
    if (extensions == NULL) {
        return say_malformed("its extension request cannot be read", e);
    }
    int count = sk_X509_EXTENSION_num(extensions);
    if (count > EXTENSIONS_MAX) {
        return say_malformed("it asks for too many extensions", e);
    }
    for (int i = 0; i < count; i++) {
        if (is_repeated(extensions, i)) {
            return say_malformed("it asks for the same extension twice", e);
        }
        if (!read_extension(csr, sk_X509_EXTENSION_value(extensions, i), e)) {
            return false;
        }
    }
    return true;
}

/* --- subject --- */

static bool raise_country(struct csr *csr, char *code, struct err *e) {
    bool is_lower = false;
    for (char *c = code; *c != '\0'; c++) {
        bool is_small = *c >= 'a' && *c <= 'z';
        *c = is_small ? (char)(*c - 'a' + 'A') : *c;
        is_lower = is_lower || is_small;
    }
    PL_AUTO(mem_freep) char *text = NULL;
    return !is_lower || (mem_printf(&text, e, "the country is written in capitals: %s", code) &&
                         add_notice(csr, text, e));
}

static bool read_subject(struct csr *csr, struct err *e) {
    if (!dn_from_x509_name(X509_REQ_get_subject_name(csr->req), &csr->subject, e)) {
        return false;
    }
    for (size_t i = 0; i < csr->subject.count; i++) {
        struct dn_part *part = &csr->subject.parts[i];
        if (part->nid == NID_countryName && strlen(part->value) == 2 &&
            !raise_country(csr, part->value, e)) {
            return false;
        }
    }
    return true;
}

/* Browsers look at the subject alternative names alone. */
static bool copy_common_name(struct csr *csr, struct err *e) {
    const char *common_name = dn_get(&csr->subject, NID_commonName);
    if (csr->sans.count > 0 || common_name == NULL) {
        return true;
    }
    struct err why = {0};
    if (!san_list_add_typed(&csr->sans, common_name, &why)) {
        return why.code != ERR_BASE_OOM || err_set(e, why.code, "%s", why.step[0]);
    }
    csr->has_common_name_copied = true;
    PL_AUTO(mem_freep) char *text = NULL;
    return mem_printf(&text, e,
                      "it has no subject alternative name; the common name \"%s\" is used",
                      csr->sans.items[0].text) &&
           add_notice(csr, text, e);
}

/* --- the whole request --- */

static bool read_key(struct csr *csr, struct err *e) {
    csr->key = X509_REQ_get_pubkey(csr->req);
    if (csr->key == NULL) {
        return say_malformed("its public key cannot be read", e);
    }
    csr->key_spec = key_spec_of(csr->key);
    return key_spki_sha256(csr->key, csr->spki_sha256, e);
}

static bool read_version(struct csr *csr, struct err *e) {
    return X509_REQ_get_version(csr->req) == 0 ||
           add_notice(csr, "its version number is wrong, which harms nothing", e);
}

static bool parse(struct csr *csr, struct err *e) {
    const uint8_t *at = csr->der;
    csr->req = d2i_X509_REQ(NULL, &at, (long)csr->der_len);
    if (csr->req == NULL) {
        return say_malformed("it is cut off, or not what it seems", e);
    }
    if (at != csr->der + csr->der_len) {
        return say_malformed("something follows it", e);
    }
    return read_version(csr, e) && read_key(csr, e) && read_subject(csr, e) &&
           read_attributes(csr, e) && read_extensions(csr, e) && copy_common_name(csr, e);
}

bool csr_from_der(const uint8_t *der, size_t der_len, struct csr **out_csr, struct err *e) {
    if (der_len > CSR_DER_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "the certificate request is larger than %d bytes",
                       CSR_DER_MAX);
    }
    void *memory = NULL;
    void *copy = NULL;
    if (!mem_alloc(sizeof(struct csr), &memory, e)) {
        return false;
    }
    PL_AUTO(csr_freep) struct csr *csr = memory;
    list_init(&csr->notices, CSR_NOTICES_MAX);
    if (!mem_dup(der, der_len, &copy, e)) {
        return false;
    }
    csr->der = copy;
    csr->der_len = der_len;
    if (!parse(csr, e)) {
        return false;
    }
    *out_csr = PL_TAKE(csr);
    return true;
}

/* --- checks that need no policy --- */

PL_DEFINE_FREEP(pss_freep, RSA_PSS_PARAMS, RSA_PSS_PARAMS_free)

/* The hash of RSASSA-PSS stands in its parameters; left out, it is SHA-1 (RFC 4055 §3.1). */
static int pss_digest(const X509_ALGOR *algorithm) {
    const void *value = NULL;
    int type = 0;
    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    if (type != V_ASN1_SEQUENCE) {
        return NID_undef;
    }
    const ASN1_STRING *sequence = value;
    const unsigned char *at = ASN1_STRING_get0_data(sequence);
    PL_AUTO(pss_freep)
    RSA_PSS_PARAMS *pss = d2i_RSA_PSS_PARAMS(NULL, &at, ASN1_STRING_length(sequence));
    if (pss == NULL) {
        return NID_undef;
    }
    return pss->hashAlgorithm == NULL ? NID_sha1 : OBJ_obj2nid(pss->hashAlgorithm->algorithm);
}

/* NID_undef for algorithms without a hash of their own and unknown ones; those fail to verify. */
static int signature_digest(const struct csr *csr) {
    const X509_ALGOR *algorithm = NULL;
    const ASN1_BIT_STRING *signature = NULL;
    X509_REQ_get0_signature(csr->req, &signature, &algorithm);
    int digest = NID_undef;
    int nid = X509_REQ_get_signature_nid(csr->req);
    if (nid == NID_rsassaPss) {
        return pss_digest(algorithm);
    }
    return OBJ_find_sigid_algs(nid, &digest, NULL) == 1 ? digest : NID_undef;
}

static bool is_weak_digest(int nid) {
    return nid == NID_sha1 || nid == NID_md5 || nid == NID_md4 || nid == NID_md2 ||
           nid == NID_md5_sha1 || nid == NID_sha || nid == NID_mdc2 || nid == NID_ripemd160;
}

static bool check_digest(const struct csr *csr, struct err *e) {
    int digest = signature_digest(csr);
    if (!is_weak_digest(digest)) {
        return true;
    }
    (void)err_set(e, ERR_PKI_CSR_WEAK_HASH, "the request is signed with %s, which is broken",
                  OBJ_nid2ln(digest));
    return err_hint(
        e, "make it again with SHA-256 (openssl req -sha256, keytool -sigalg SHA256withRSA, "
           "certreq: HashAlgorithm = sha256)");
}

bool csr_check(const struct csr *csr, struct err *e) {
    if (!check_digest(csr, e) || !key_strength_check(csr->key, e)) {
        return false;
    }
    if (X509_REQ_verify(csr->req, csr->key) == 1) {
        return true;
    }
    (void)err_set_openssl(e, ERR_PKI_CSR_SIGNATURE,
                          "the request's signature is not by its own key");
    return err_hint(e, "it was damaged on the way, or changed after it was made; send it again");
}
