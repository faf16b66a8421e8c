/* Timestamps of public logs in a verification: the list of logs, and the three ways they come. */
#include "base/mem.h"
#include "ops/context.h"
#include "ops/verify_material.h"
#include "pki/ocsp.h"
#include "sys/file.h"

#define LOGS_FILE_NAME "ct-logs.json"

static bool read_logs(const char *path, struct ct_logs **out_logs, struct err *e) {
    PL_AUTO(buf_clear) struct buf file = {.max = CT_LOGS_FILE_MAX};
    return file_read(path, &file, e) &&
           (ct_logs_read((const char *)file.data, file.len, out_logs, e) ||
            err_wrap(e, "\"%.200s\" is no list of public logs", path));
}

static bool find_logs(struct ops *ops, const struct verify_wish *wish, struct ct_logs **out_logs,
                      struct err *e) {
    PL_AUTO(mem_freep) char *path = NULL;
    if (wish->ct_logs_file != NULL) {
        return read_logs(wish->ct_logs_file, out_logs, e);
    }
    return ops == NULL || (file_join(ops->data_dir, LOGS_FILE_NAME, &path, e) &&
                           (!file_exists(path) || read_logs(path, out_logs, e)));
}

/* An OCSP response that is none, or somebody else's, brings no timestamps: its panel says so. */
static bool take_ocsp(const struct verify_input *input, const struct cert *issuer,
                      struct verification *v, struct err *e) {
    for (size_t i = 0; issuer != NULL && i < VERIFY_OCSP_MAX; i++) {
        const struct verify_ocsp *ocsp = &input->ocsp[i];
        struct err problem = {0};
        buf_init(&v->ocsp_timestamps, OCSP_DER_MAX);
        if (ocsp->len == 0 || !ocsp->is_stapled) {
            continue;
        }
        if (!ocsp_append_timestamps(ocsp->der, ocsp->len, input->leaf, issuer, &v->ocsp_timestamps,
                                    &problem)) {
            return problem.code != ERR_BASE_OOM || err_set(e, ERR_BASE_OOM, "out of memory");
        }
        return true;
    }
    return true;
}

bool verify_timestamps(struct ops *ops, const struct verify_wish *wish,
                       const struct verify_input *input, struct verification *v, struct err *e) {
    const struct cert_list *chain = &v->verdict.chain;
    struct sct_list lists[CT_WAY_COUNT] = {{.count = 0}};
    struct ct_input in = {
        .leaf = input->leaf,
        .issuer = chain->count > 1 ? chain->items[1] : NULL,
        .ways = {&lists[CT_IN_CERTIFICATE], &lists[CT_IN_HANDSHAKE], &lists[CT_IN_OCSP]},
        .at_ms = wish->at_ms};
    if (!find_logs(ops, wish, &v->logs, e) || !take_ocsp(input, in.issuer, v, e)) {
        return false;
    }
    in.logs = v->logs;
    /* What is malformed counts as far as it could be read. */
    (void)sct_list_read_cert(&lists[CT_IN_CERTIFICATE], input->leaf);
    (void)sct_list_read(&lists[CT_IN_HANDSHAKE], v->look.timestamps.data, v->look.timestamps.len);
    (void)sct_list_read(&lists[CT_IN_OCSP], v->ocsp_timestamps.data, v->ocsp_timestamps.len);
    return ct_check(&in, &v->timestamps, e);
}
