/* pki/ct_logs: lists of public logs of any bytes; what is read can be looked up. */
#include "fuzz.h"

#include "pki/ct_logs.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    PL_AUTO(ct_logs_freep) struct ct_logs *logs = NULL;
    static const uint8_t none[32];
    if (ct_logs_read((const char *)bytes, len, &logs, NULL)) {
        FUZZ_CHECK(ct_logs_count(logs) > 0 && ct_logs_count(logs) <= CT_LOGS_MAX);
        const struct ct_log *log = ct_logs_find(logs, none);
        FUZZ_CHECK(log == NULL || ct_log_operator_at(log, 0) != NULL);
    }
    return 0;
}
