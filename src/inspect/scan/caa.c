/* CAA records. */
#include "inspect/scan/caa.h"

#include <string.h>

enum { TEXT_MAX = 255 };

bool scan_caa_add(struct list *out, const uint8_t *record, size_t len, struct err *e) {
    size_t tag_len = len < 2 ? 0 : record[1];
    if (tag_len == 0 || tag_len > len - 2 || len - 2 - tag_len > TEXT_MAX ||
        out->count == SCAN_CAA_RECORDS_MAX) {
        return true;
    }
    const char *tag = (const char *)record + 2;
    return list_printf(out, e, "%u %.*s \"%.*s\"", record[0], (int)tag_len, tag,
                       (int)(len - 2 - tag_len), tag + tag_len);
}

const char *scan_caa_parent(const char *name) {
    const char *dot = strchr(name, '.');
    return dot == NULL || dot[1] == '\0' ? NULL : dot + 1;
}
