/* tls/pool: blocks of every size keep their bytes, come back, and are told apart when freed twice.
 */
#include "unit.h"

#include "base/mem.h"
#include "tls/pool.h"

#include <openssl/evp.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void *take(size_t size) {
    void *memory = pool_alloc(size, __FILE__, __LINE__);
    assert_non_null(memory);
    assert_int_equal((uintptr_t)memory % 16, 0);
    return memory;
}

static void give(void *memory) {
    pool_free(memory, __FILE__, __LINE__);
}

static void test_every_size_holds_its_bytes(void **state) {
    (void)state;
    for (size_t size = 1; size <= POOL_BLOCK_MAX + 32; size += size < 2100 ? 1 : 37) {
        void *block[2] = {take(size), take(size)};
        memset(block[0], 0xA5, size);
        memset(block[1], 0x5A, size);
        for (size_t i = 0; i < size; i += size < 64 ? 1 : size / 64) {
            assert_int_equal(((uint8_t *)block[0])[i], 0xA5);
        }
        assert_int_equal(((uint8_t *)block[0])[size - 1], 0xA5);
        give(block[0]);
        give(block[1]);
    }
}

static void test_a_freed_block_is_the_next_of_its_size(void **state) {
    (void)state;
    static const size_t sizes[] = {1,    16,   17,   1024,  1025,          1280,
                                   1281, 2048, 2049, 20000, POOL_BLOCK_MAX};
    for (size_t i = 0; i < PL_ARRAY_LEN(sizes); i++) {
        void *first = take(sizes[i]);
        give(first);
        void *second = take(sizes[i]);
        assert_ptr_equal(first, second);
        give(second);
    }
    give(take(0));
    give(NULL);
}

static void test_resizing_keeps_what_is_there(void **state) {
    (void)state;
    uint8_t *memory = pool_resize(NULL, 1, __FILE__, __LINE__);
    memory[0] = 7;
    for (size_t size = 2; size < 3 * (size_t)POOL_BLOCK_MAX; size = size * 5 / 4 + 1) {
        memory = pool_resize(memory, size, __FILE__, __LINE__);
        assert_non_null(memory);
        assert_int_equal(memory[0], 7);
        assert_true(size <= 2 || memory[size / 2 - 1] == 9 || size / 2 - 1 == 0);
        memset(memory + 1, 9, size - 1);
    }
    memory = pool_resize(memory, 3, __FILE__, __LINE__);
    assert_int_equal(memory[0], 7);
    assert_int_equal(memory[2], 9);
    assert_null(pool_resize(memory, 0, __FILE__, __LINE__));
}

static void test_no_memory_is_told(void **state) {
    (void)state;
    assert_null(pool_alloc(SIZE_MAX, __FILE__, __LINE__));
    void *kept = take(40000);
    mem_fail_at(1);
    assert_null(pool_resize(kept, 50000, __FILE__, __LINE__));
    mem_fail_at(0);
    give(kept);
}

/* In a process of its own: it ends there. */
static bool ends(void (*wrong)(void)) {
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(STDERR_FILENO);
        wrong();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void free_twice(void) {
    (void)signal(SIGABRT, SIG_DFL);
    void *memory = pool_alloc(100, __FILE__, __LINE__);
    pool_free(memory, __FILE__, __LINE__);
    pool_free(memory, __FILE__, __LINE__);
}

static void write_below(void) {
    (void)signal(SIGABRT, SIG_DFL);
    uint64_t *memory = pool_alloc(100, __FILE__, __LINE__);
    memory[-2] = 0;
    pool_free(memory, __FILE__, __LINE__);
}

static void test_misuse_ends_the_process(void **state) {
    (void)state;
    assert_true(ends(free_twice));
    assert_true(ends(write_below));
}

/* First of all tests: the library has taken no memory then. */
static void test_the_library_works_with_it(void **state) {
    (void)state;
    struct err e = {0};
    uint8_t digest[EVP_MAX_MD_SIZE];
    assert_ok(pool_use(&e), &e);
    assert_int_equal(EVP_Digest("abc", 3, digest, NULL, EVP_sha256(), NULL), 1);
    assert_int_equal(digest[0], 0xBA);
    assert_int_equal(digest[1], 0x78);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_library_works_with_it),
        cmocka_unit_test(test_every_size_holds_its_bytes),
        cmocka_unit_test(test_a_freed_block_is_the_next_of_its_size),
        cmocka_unit_test(test_resizing_keeps_what_is_there),
        cmocka_unit_test(test_no_memory_is_told),
        cmocka_unit_test(test_misuse_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
