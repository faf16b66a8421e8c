/* base/hash: the published vectors' relatives, and what a table needs of a hash. */
#include "unit.h"

#include "base/hash.h"

static void test_each_byte_length_and_seed_matter(void **state) {
    (void)state;
    static const uint64_t seed[2] = {1, 2};
    static const uint64_t other_seed[2] = {1, 3};
    uint8_t bytes[64] = {0};
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        uint64_t hash = hash_bytes(seed, bytes, len);
        assert_true(hash == hash_bytes(seed, bytes, len));
        assert_true(hash != hash_bytes(other_seed, bytes, len));
        for (size_t i = 0; i < len; i++) {
            bytes[i] = 1;
            assert_true(hash != hash_bytes(seed, bytes, len));
            bytes[i] = 0;
        }
        assert_true(len == 0 || hash != hash_bytes(seed, bytes, len - 1));
    }
}

static void test_low_bits_spread(void **state) {
    (void)state;
    static const uint64_t seed[2] = {0x0123456789abcdef, 0xfedcba9876543210};
    unsigned counts[256] = {0};
    for (uint32_t i = 0; i < 256 * 64; i++) {
        counts[hash_bytes(seed, &i, sizeof(i)) & 0xFF]++;
    }
    for (size_t i = 0; i < 256; i++) {
        /* 64 on average; eight standard deviations either way. */
        assert_in_range(counts[i], 1, 128);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_byte_length_and_seed_matter),
        cmocka_unit_test(test_low_bits_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
