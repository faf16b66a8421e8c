/*
 * Runs a fuzz target without libFuzzer: every seed as it is, and the same number of mutations of
 * each, always the same ones.
 *
 *   replay_NAME MUTATIONS FOLDER-OR-FILE…
 *
 * MUTATIONS is the number for all seeds together. No seed at all is a failure.
 */
#include "fuzz.h"

#include "base/list.h"
#include "base/str.h"
#include "sys/file.h"

#include <dirent.h>
#include <sys/stat.h>

enum { SEED_MAX = 1024 * 1024, MUTATED_MORE = 64, SEEDS_MAX = 4000 };

static uint64_t random_state;

static uint32_t next_random(uint32_t below) {
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(random_state >> 33) % below;
}

/* The input stands in memory of exactly its size, for the sanitizer's sake. */
static void run_one(const uint8_t *bytes, size_t len) {
    void *copy = NULL;
    FUZZ_CHECK(mem_array(len, 1, &copy, NULL));
    if (len > 0) {
        memcpy(copy, bytes, len);
    }
    (void)LLVMFuzzerTestOneInput(copy, len);
    mem_free(copy);
}

static void replace_byte(uint8_t *bytes, size_t len) {
    static const uint8_t interesting[] = {0,   1,   0x7F, 0x80, 0xFF, '\n', '\r', ' ',
                                          '%', '-', '.',  ':',  0x30, 0x82, 0x84, 0xE2};
    size_t at = next_random((uint32_t)len);
    if (next_random(2) == 0) {
        bytes[at] = interesting[next_random(sizeof(interesting))];
    } else {
        bytes[at] ^= (uint8_t)(1U << next_random(8));
    }
}

/* Inserts a copy of a run from elsewhere; returns the new length. */
static size_t insert_run(uint8_t *bytes, size_t len) {
    size_t run = 1 + next_random(MUTATED_MORE / 4);
    run = run < len ? run : len;
    size_t from = next_random((uint32_t)(len - run + 1));
    size_t at = next_random((uint32_t)len);
    uint8_t copy[MUTATED_MORE];
    memcpy(copy, bytes + from, run);
    memmove(bytes + at + run, bytes + at, len - at);
    memcpy(bytes + at, copy, run);
    return len + run;
}

static size_t remove_run(uint8_t *bytes, size_t len) {
    size_t at = next_random((uint32_t)len);
    size_t run = 1 + next_random(16);
    run = run < len - at ? run : len - at;
    memmove(bytes + at, bytes + at + run, len - at - run);
    return len - run;
}

/* bytes has room for MUTATED_MORE more than len; returns the new length. */
static size_t mutate(uint8_t *bytes, size_t len) {
    for (uint32_t left = 1 + next_random(3); left > 0 && len > 0; left--) {
        switch (next_random(8)) {
        case 0:
            len = insert_run(bytes, len);
            break;
        case 1:
            len = remove_run(bytes, len);
            break;
        case 2:
            len = next_random((uint32_t)len + 1);
            break;
        default:
            replace_byte(bytes, len);
        }
    }
    return len;
}

static void run_seed(const char *path, uint64_t mutations) {
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf seed;
    buf_init(&seed, SEED_MAX);
    FUZZ_CHECK(file_read(path, &seed, &e));
    run_one(seed.data, seed.len);
    random_state = seed.len;
    PL_AUTO(buf_clear) struct buf mutated;
    buf_init(&mutated, SEED_MAX + MUTATED_MORE);
    for (uint64_t i = 0; i < mutations; i++) {
        buf_reset(&mutated);
        FUZZ_CHECK(buf_reserve(&mutated, seed.len + MUTATED_MORE, &e));
        FUZZ_CHECK(buf_append(&mutated, buf_string(&seed), seed.len, &e));
        run_one(mutated.data, mutate(mutated.data, seed.len));
    }
}

static void add_seed(struct list *seeds, const char *path) {
    struct stat about;
    FUZZ_CHECK(stat(path, &about) == 0);
    if (!S_ISDIR(about.st_mode)) {
        FUZZ_CHECK(list_add(seeds, path, NULL));
        return;
    }
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    FUZZ_CHECK(count >= 0);
    for (int i = 0; i < count; i++) {
        PL_AUTO(mem_freep) char *inside = NULL;
        FUZZ_CHECK(file_join(path, entries[i]->d_name, &inside, NULL));
        if (entries[i]->d_name[0] != '.') {
            add_seed(seeds, inside);
        }
        mem_hook_free(entries[i]);
    }
    mem_hook_free(entries);
}

int main(int argument_count, char **arguments) {
    uint64_t mutations = 0;
    FUZZ_CHECK(argument_count > 2 && str_to_u64(arguments[1], UINT32_MAX, &mutations));
    PL_AUTO(list_clear) struct list seeds;
    list_init(&seeds, SEEDS_MAX);
    for (int i = 2; i < argument_count; i++) {
        add_seed(&seeds, arguments[i]);
    }
    FUZZ_CHECK(seeds.count > 0);
    for (size_t i = 0; i < seeds.count; i++) {
        run_seed(seeds.items[i], mutations / seeds.count);
    }
    (void)printf("%zu seeds, %llu mutations of each\n", seeds.count,
                 (unsigned long long)(mutations / seeds.count));
    return 0;
}
