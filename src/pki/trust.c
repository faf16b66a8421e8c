/* Trusted certificates from files. Limits: DETECT_INPUT_MAX bytes, DETECT_ITEMS_MAX certificates.
 */
#include "pki/trust.h"

#include "pki/detect.h"
#include "sys/file.h"

bool trust_load_file(const char *path, struct cert_list *out_anchors, struct err *e) {
    PL_AUTO(buf_clear) struct buf bytes;
    buf_init(&bytes, DETECT_INPUT_MAX);
    PL_AUTO(detected_clear) struct detected detected = {0};
    if (!file_read(path, &bytes, e) || !detect(bytes.data, bytes.len, 0, &detected, e)) {
        return err_wrap(e, "cannot load trusted certificates from %s", path);
    }
    if (detected.certs.count == 0) {
        (void)err_set(e, ERR_PKI_TRUST_EMPTY, "%s holds no certificate: it is %s", path,
                      detected.description);
        return err_hint(e, "give a file with the certificates of the authorities to trust");
    }
    return cert_list_append(out_anchors, &detected.certs, e);
}

bool trust_load_system(struct cert_list *out_anchors, const char **out_path, struct err *e) {
    static const char *const paths[] = {
        "/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine */
        "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, Red Hat */
        "/etc/ssl/ca-bundle.pem",             /* SUSE */
        "/etc/ssl/cert.pem",                  /* Alpine without ca-certificates */
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(paths); i++) {
        if (!file_exists(paths[i])) {
            continue;
        }
        if (out_path != NULL) {
            *out_path = paths[i];
        }
        return trust_load_file(paths[i], out_anchors, e);
    }
    (void)err_set(e, ERR_PKI_TRUST_NO_SYSTEM, "this system has no bundle of trusted certificates");
    return err_hint(e, "install the package ca-certificates, or name a file to trust");
}
