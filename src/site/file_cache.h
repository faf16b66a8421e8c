/*
 * Small files kept in memory, so that what is asked for again and again costs one look at whether
 * it has changed instead of opening, reading and closing it. Never stale: each use compares what
 * the path leads to now (device, inode, size, times) with what was read; what was modified so
 * recently that its time could stand still is not kept. One thread.
 *
 * Limits: FILE_CACHE_ENTRIES files of at most FILE_CACHE_FILE_MAX bytes; a newer one takes the
 * place of an older one.
 */
#ifndef PL_SITE_FILE_CACHE_H
#define PL_SITE_FILE_CACHE_H

#include "base/compiler.h"
#include "base/err.h"
#include "sys/folder.h"

#include <sys/stat.h>

enum {
    FILE_CACHE_ENTRIES = 256,
    FILE_CACHE_FILE_MAX = 16 * 1024,
    FILE_CACHE_SETTLE_MS = 2000, /* files modified later than this before now are not kept */
};

struct file_cache;

struct cached_file {
    struct stat about;
    const uint8_t *bytes; /* about.st_size of them; borrowed until the next file_cache_put() */
};

/* Fails base.oom, base.random. */
bool file_cache_new(struct file_cache **out_cache, struct err *e) PL_MUST_USE;
void file_cache_free(struct file_cache *cache);
PL_DEFINE_FREEP(file_cache_freep, struct file_cache, file_cache_free)

/* The file at that path beneath the folder as it is now; false when it is not kept. */
bool file_cache_find(const struct file_cache *cache, const struct folder *folder, const char *path,
                     struct cached_file *out_file);

/*
 * Keeps an open file's content if it may be kept, and gives it.
 *
 * fd     of the path, opened beneath the folder; borrowed
 * about  fstat() of fd
 * False when it is not kept: too large, too new, not to be read, or out of memory.
 */
bool file_cache_put(struct file_cache *cache, const struct folder *folder, const char *path, int fd,
                    const struct stat *about, struct cached_file *out_file);

#endif
