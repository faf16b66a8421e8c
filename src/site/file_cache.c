/* Small files in memory: one place for each hash of folder and path. Process: net. */
#include "site/file_cache.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct entry {
    int folder; /* its descriptor's number; what is there now is compared in any case */
    struct stat about;
    uint8_t *bytes; /* the content, then the path; NULL: free */
    const char *path;
};

struct file_cache {
    uint64_t seed[2];
    struct entry entries[FILE_CACHE_ENTRIES];
};

bool file_cache_new(struct file_cache **out_cache, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct file_cache), &memory, e)) {
        return false;
    }
    struct file_cache *cache = memory;
    if (!random_bytes(cache->seed, sizeof(cache->seed), e)) {
        mem_free(cache);
        return false;
    }
    *out_cache = cache;
    return true;
}

void file_cache_free(struct file_cache *cache) {
    if (cache == NULL) {
        return;
    }
    for (size_t i = 0; i < FILE_CACHE_ENTRIES; i++) {
        mem_free(cache->entries[i].bytes);
    }
    mem_free(cache);
}

static size_t place_of(const struct file_cache *cache, int folder, const char *path) {
    uint64_t seed[2] = {cache->seed[0] ^ (uint64_t)folder, cache->seed[1]};
    return (size_t)(hash_bytes(seed, path, strlen(path)) % FILE_CACHE_ENTRIES);
}

static bool same_time(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_unchanged(const struct stat *then, const struct stat *now) {
    return then->st_dev == now->st_dev && then->st_ino == now->st_ino &&
           then->st_size == now->st_size && then->st_mode == now->st_mode &&
           same_time(&then->st_mtim, &now->st_mtim) && same_time(&then->st_ctim, &now->st_ctim);
}

bool file_cache_find(const struct file_cache *cache, const struct folder *folder, const char *path,
                     struct cached_file *out_file) {
    int fd = folder_fd(folder);
    const struct entry *entry = &cache->entries[place_of(cache, fd, path)];
    struct stat now;
    if (entry->bytes == NULL || entry->folder != fd || !str_equal(entry->path, path) ||
        fstatat(fd, path, &now, 0) != 0 || !is_unchanged(&entry->about, &now)) {
        return false;
    }
    *out_file = (struct cached_file){.about = entry->about, .bytes = entry->bytes};
    return true;
}

/* A file that is written again in the same tick of the kernel's clock keeps its times. */
static bool is_settled(const struct stat *about) {
    int64_t now_ms = clock_now_ms();
    int64_t modified_ms = about->st_mtim.tv_sec * CLOCK_SECOND_MS;
    int64_t changed_ms = about->st_ctim.tv_sec * CLOCK_SECOND_MS;
    return modified_ms + FILE_CACHE_SETTLE_MS < now_ms &&
           changed_ms + FILE_CACHE_SETTLE_MS < now_ms;
}

static bool read_all(int fd, uint8_t *out, size_t len) {
    size_t done = 0;
    while (done < len) {
        ssize_t got = pread(fd, out + done, len - done, (off_t)done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        done += (size_t)got;
    }
    return true;
}

bool file_cache_put(struct file_cache *cache, const struct folder *folder, const char *path, int fd,
                    const struct stat *about, struct cached_file *out_file) {
    void *memory = NULL;
    if (about->st_size <= 0 || about->st_size > FILE_CACHE_FILE_MAX || !is_settled(about)) {
        return false;
    }
    size_t len = (size_t)about->st_size;
    size_t path_size = strlen(path) + 1;
    if (!mem_alloc(len + path_size, &memory, NULL)) {
        return false;
    }
    uint8_t *bytes = memory;
    if (!read_all(fd, bytes, len)) {
        mem_free(bytes);
        return false;
    }
    memcpy(bytes + len, path, path_size);
    int number = folder_fd(folder);
    struct entry *entry = &cache->entries[place_of(cache, number, path)];
    mem_free(entry->bytes);
    *entry = (struct entry){
        .folder = number, .about = *about, .bytes = bytes, .path = (const char *)bytes + len};
    *out_file = (struct cached_file){.about = entry->about, .bytes = entry->bytes};
    return true;
}
