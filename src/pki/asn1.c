/* ASN.1 values in our forms. Pure functions. */
#include "pki/asn1.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"

#include <time.h>

bool asn1_time_to_ms(const ASN1_TIME *time, int64_t *out_ms) {
    struct tm civil;
    if (time == NULL || ASN1_TIME_to_tm(time, &civil) != 1) {
        return false;
    }
    int64_t unix_s = clock_from_civil(civil.tm_year + 1900, civil.tm_mon + 1, civil.tm_mday,
                                      civil.tm_hour, civil.tm_min, civil.tm_sec);
    *out_ms = unix_s * CLOCK_SECOND_MS;
    return true;
}

void asn1_integer_to_hex(const ASN1_INTEGER *integer, char *out, size_t size) {
    int len = ASN1_STRING_length(integer);
    if (len <= 0) {
        (void)str_copy(out, size, "00");
        return;
    }
    size_t kept = (size_t)len < size / 2 ? (size_t)len : size / 2;
    hex_encode(ASN1_STRING_get0_data(integer), kept, out);
}
