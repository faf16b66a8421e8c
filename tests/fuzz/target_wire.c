/*
 * inspect/wire: any bytes as a message. The first byte says in what setting: fields stay inside the
 * message, whatever it is.
 */
#include "fuzz.h"

#include "inspect/wire/fields.h"
#include "inspect/wire/fingerprint.h"
#include "inspect/wire/unpacked.h"

static const uint16_t versions[] = {0, 0x0300, 0x0301, 0x0303, 0x0304};

static void check_fields(const struct wire_fields *fields, size_t len) {
    for (size_t i = 0; i < fields->count; i++) {
        const struct wire_field *field = &fields->items[i];
        FUZZ_CHECK(field->offset <= len && field->len <= len - field->offset);
        FUZZ_CHECK(field->name != NULL && field->value != NULL && field->about != NULL);
        FUZZ_CHECK(i == 0 || field->depth <= fields->items[i - 1].depth + 1);
    }
}

static void describe(uint8_t how, struct wire_span message) {
    struct err e = {0};
    struct arena arena;
    const struct wire_setting setting = {.version = versions[how % PL_ARRAY_LEN(versions)],
                                         .exchange = (enum wire_exchange)(how / 8 % 4),
                                         .is_client = how / 32 % 2 == 1};
    arena_init(&arena, 4 * 1024 * 1024);
    struct wire_fields fields = {.arena = &arena};
    (void)fuzz_told(how >= 192   ? wire_describe_alert(message, &fields, &e)
                    : how >= 128 ? wire_describe_change(message, &fields, &e)
                                 : wire_describe_message(message, &setting, &fields, &e),
                    &e);
    check_fields(&fields, message.len);
    wire_fields_clear(&fields);
    arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct wire_server_hello hello;
    if (len < 2) {
        return 0;
    }
    const struct wire_span message = {bytes + 1, len - 1};
    describe(bytes[0], message);
    PL_AUTO(buf_clear) struct buf unpacked = {.max = 512};
    FUZZ_CHECK(!wire_unpack(bytes[0] % 4, message, 2U * bytes[1], &unpacked) ||
               unpacked.len == 2U * bytes[1]);
    if (wire_server_hello_read(message, &hello)) {
        FUZZ_CHECK(hello.random != NULL && hello.session_id.len <= 32);
        FUZZ_CHECK(hello.share.len <= len && hello.extensions.len <= len);
        struct wire_server_print print;
        struct err e = {0};
        FUZZ_CHECK(wire_fingerprint_server(&hello, &print, NULL, NULL, &e));
        FUZZ_CHECK(strlen(print.ja3s) == 32 && strlen(print.ja4s) == WIRE_JA4S_SIZE - 1);
    }
    return 0;
}
