/*
 * inspect/scan: any bytes as what a server answers, connection after connection: each takes as many
 * as its two first say, and the last of them over and over. Whatever they are, the plan comes to an
 * end, its lists hold, and there is a document that can be read and printed.
 */
#include "fuzz.h"

#include "inspect/scan/plan.h"
#include "inspect/scan/report.h"
#include "inspect/scan/talk.h"
#include "inspect/scan/text.h"

enum { CONNECTIONS_MAX = 3000 };

static bool fill(void *ctx, uint8_t *out, size_t len) {
    uint32_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * 1664525 + 1013904223;
        out[i] = (uint8_t)(*state >> 24);
    }
    return true;
}

struct input {
    const uint8_t *at;
    size_t left;
    struct wire_span last;
};

static struct wire_span next_bytes(struct input *input) {
    if (input->left > 2) {
        size_t len = (size_t)input->at[0] << 8 | input->at[1];
        len = len < input->left - 2 ? len : input->left - 2;
        input->last = (struct wire_span){input->at + 2, len};
        input->at += 2 + len;
        input->left -= 2 + len;
    }
    return input->last;
}

static void converse(struct scan_host *host, const struct scan_ask *ask, struct input *input) {
    uint32_t seed = 1;
    struct talk *talk = NULL;
    const struct observe_random random = {fill, &seed};
    const struct wire_span bytes = next_bytes(input);
    FUZZ_CHECK(talk_new(ask, &random, &talk, NULL));
    enum talk_status status = talk_start(talk, 0);
    for (size_t at = 0; at < bytes.len && status == TALK_GOES_ON;) {
        size_t part = bytes.len - at < 500 ? bytes.len - at : 500;
        status = talk_receive(talk, bytes.bytes + at, part, (int64_t)at);
        at += part;
    }
    while (status == TALK_GOES_ON) {
        status = talk_end(talk, bytes.len % 2 == 0, (int64_t)bytes.len);
    }
    FUZZ_CHECK(talk_answer(talk)->end != ANSWER_OPEN);
    FUZZ_CHECK(plan_take(host, ask, talk_answer(talk), talk_session(talk), NULL));
    talk_free(talk);
}

static void check_document(const struct scan_host *host) {
    static const struct cert_list nobody;
    static const struct scan_text_style style = {.columns = 80};
    struct buf text = {.max = 2 * SCAN_DOCUMENT_MAX};
    struct buf printed = {.max = SCAN_TEXT_MAX};
    json_t *document = NULL;
    FUZZ_CHECK(scan_report(host, &nobody, 1790000000000, &text, NULL));
    FUZZ_CHECK(text.len <= SCAN_DOCUMENT_MAX);
    FUZZ_CHECK(json_parse(buf_string(&text), text.len, &document, NULL));
    FUZZ_CHECK(scan_text(document, &style, &printed, NULL));
    FUZZ_CHECK(scan_text_line(document, &style, &printed, NULL));
    for (size_t i = 0; i < printed.len; i++) {
        FUZZ_CHECK(printed.data[i] >= 0x20 || printed.data[i] == '\n');
    }
    json_decref(document);
    buf_clear(&text);
    buf_clear(&printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    static const struct scan_target target = {.host = "www.example.com", .port = 443};
    struct scan_host *host = NULL;
    struct scan_ask ask;
    if (len < 4) {
        return 0;
    }
    struct input input = {.at = bytes + 1, .left = len - 1};
    FUZZ_CHECK(scan_host_new(&target, NULL, 0, bytes[0] % 8 == 7 ? starttls_find("smtp") : NULL,
                             bytes[0] % 4 == 1, &host, NULL));
    while (plan_next(host, &ask) == PLAN_ASK) {
        FUZZ_CHECK(host->connections < CONNECTIONS_MAX);
        converse(host, &ask, &input);
    }
    FUZZ_CHECK(host->state != SCAN_UNDER_WAY);
    check_document(host);
    scan_host_free(host);
    return 0;
}
