/*
 * A folder kept open: document roots, handed from whoever may open them to whoever serves them.
 * Reference-counted, so that versions of the bindings share one descriptor. One thread.
 */
#ifndef PL_SYS_FOLDER_H
#define PL_SYS_FOLDER_H

#include "base/compiler.h"
#include "base/err.h"

struct folder;

/*
 * Opens a folder for looking up files beneath it.
 *
 * out_folder  caller owns one reference, folder_free()
 * Fails       sys.folder.missing, sys.folder.read (no permission, not a folder), base.oom
 */
bool folder_open(const char *path, struct folder **out_folder, struct err *e) PL_MUST_USE;
/* The same around a descriptor that is open already and becomes the folder's; closed on failure. */
bool folder_from_fd(int fd, struct folder **out_folder, struct err *e) PL_MUST_USE;
struct folder *folder_ref(struct folder *folder);
void folder_free(struct folder *folder); /* drops a reference; the last one closes */
PL_DEFINE_FREEP(folder_freep, struct folder, folder_free)

int folder_fd(const struct folder *folder); /* borrowed */

/*
 * Opens something beneath the folder for reading: never above it, nor through a link that leaves
 * it, nor through /proc's links; never blocks on a FIFO or a device. "" or "." is the folder
 * itself.
 *
 * Returns the descriptor, which the caller closes, or -1 with errno: ENOENT, ENOTDIR, EACCES,
 * EXDEV (it leads out of the folder), ELOOP, ENAMETOOLONG, EMFILE, ENFILE, EAGAIN (a race; try
 * again). Source: openat2(2), RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS (Linux 5.6)
 */
int folder_open_beneath(const struct folder *folder, const char *path);

#endif
