/*
 * inspect/scan/target: any text as a list of targets. What is understood says the same when it is
 * written and read again, and walking it gives as many as were counted.
 */
#include "fuzz.h"

#include "inspect/scan/target.h"

enum { WALKED = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct scan_targets targets = {0};
    struct scan_targets again = {0};
    struct buf text = {.max = SCAN_LIST_MAX};
    if (scan_targets_add_list(&targets, (const char *)bytes, len, 443, NULL)) {
        struct scan_cursor cursor = {0};
        struct scan_cursor other = {0};
        struct scan_target one;
        struct scan_target two;
        FUZZ_CHECK(scan_targets_write(&targets, &text, NULL));
        FUZZ_CHECK(scan_targets_add_list(&again, buf_string(&text), text.len, 443, NULL));
        FUZZ_CHECK(again.total == targets.total && again.count == targets.count);
        uint64_t count = 0;
        while (count < WALKED && scan_targets_next(&targets, &cursor, &one)) {
            char a[SCAN_TARGET_TEXT];
            char b[SCAN_TARGET_TEXT];
            FUZZ_CHECK(scan_targets_next(&again, &other, &two));
            scan_target_format(&one, a);
            scan_target_format(&two, b);
            FUZZ_CHECK(strcmp(a, b) == 0 && one.port != 0);
            count++;
        }
        FUZZ_CHECK(count == (targets.total < WALKED ? targets.total : WALKED));
    }
    scan_targets_clear(&targets);
    scan_targets_clear(&again);
    buf_clear(&text);
    return 0;
}
