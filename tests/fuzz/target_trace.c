/*
 * inspect/trace: any JSON as a trace's document, and any bytes as a wish. What is made of it has no
 * control characters, and the page's data cannot end its script.
 */
#include "fuzz.h"

#include "inspect/trace/capture.h"
#include "inspect/trace/diff.h"
#include "inspect/trace/page.h"
#include "inspect/trace/text.h"
#include "inspect/trace/wish.h"

static void check_text(const json_t *document) {
    PL_AUTO(buf_clear) struct buf text = {.max = TRACE_TEXT_MAX};
    const struct trace_text_style style = {.columns = 80, .detail = TRACE_TEXT_BYTES};
    struct err e = {0};
    if (!fuzz_told(trace_text(document, &style, &text, &e), &e)) {
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        FUZZ_CHECK(text.data[i] >= 0x20 || text.data[i] == '\n');
    }
}

/* With itself and with nothing. */
static void check_diff(const json_t *document) {
    PL_AUTO(json_freep) json_t *same = NULL;
    PL_AUTO(json_freep) json_t *nothing = json_object();
    PL_AUTO(json_freep) json_t *other = NULL;
    PL_AUTO(buf_clear) struct buf text = {.max = DIFF_TEXT_MAX};
    const struct trace_diff_style style = {.columns = 80, .is_all = true};
    struct err e = {0};
    if (!fuzz_told(trace_diff_check(document, &e), &e) ||
        !fuzz_told(trace_diff(document, document, &same, &e), &e)) {
        return;
    }
    FUZZ_CHECK(trace_diff_count(same) == 0);
    FUZZ_CHECK(trace_diff(document, nothing, &other, &e));
    if (fuzz_told(trace_diff_text(other, &style, &text, &e), &e)) {
        for (size_t i = 0; i < text.len; i++) {
            FUZZ_CHECK(text.data[i] >= 0x20 || text.data[i] == '\n');
        }
    }
}

static void check_document(const json_t *document) {
    PL_AUTO(buf_clear) struct buf capture = {.max = TRACE_CAPTURE_MAX};
    PL_AUTO(buf_clear) struct buf log = {.max = 1024 * 1024};
    struct err e = {0};
    check_text(document);
    check_diff(document);
    FUZZ_CHECK(!fuzz_told(trace_capture(document, &capture, &e), &e) || capture.len % 4 == 0);
    (void)fuzz_told(trace_key_log(document, &log, &e), &e);
}

static void check_page(const json_t *document) {
    PL_AUTO(buf_clear) struct buf page = {.max = 1024 * 1024};
    struct err e = {0};
    if (fuzz_told(trace_page(document, &page, &e), &e)) {
        const char *data = strstr(buf_string(&page), "id=\"document\">");
        FUZZ_CHECK(data != NULL);
        const char *end = data == NULL ? NULL : strchr(data, '<');
        FUZZ_CHECK(end != NULL && strncmp(end, "</script>\n<script>", 18) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    PL_AUTO(json_freep) json_t *document = NULL;
    struct trace_wish wish;
    struct err e = {0};
    if (fuzz_told(trace_wish_read(bytes, len, &wish, &e), &e)) {
        FUZZ_CHECK(wish.suites.count <= TRACE_LIST_MAX && wish.lab < LAB_MODE_COUNT);
        trace_wish_clear(&wish);
    }
    if (len > 0 && len < 16 * 1024 && json_parse((const char *)bytes, len, &document, &e)) {
        check_document(document);
        check_page(document);
    }
    return 0;
}
