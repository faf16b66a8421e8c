/*
 * Static files of one site: GET and HEAD beneath its folder.
 *
 * What is never served: anything outside the folder (by "..", by links, encoded or not), names that
 * begin with a dot but for "/.well-known/", special files (FIFOs, devices, sockets), names with
 * NUL, backslash or an encoded slash. A folder's address without a slash at its end is redirected;
 * with one, its index file is served; folders are not listed.
 *
 * Files are opened and read on the loop's thread: local disks and page cache are assumed.
 * Limits: STATIC_PATH_MAX bytes of decoded path; memory does not depend on a file's size.
 */
#ifndef PL_SITE_STATIC_H
#define PL_SITE_STATIC_H

#include "http/message.h"
#include "site/file_cache.h"
#include "tls/snapshot.h"

enum { STATIC_PATH_MAX = 4000 };

/*
 * Answers a request.
 *
 * cache         of small files; NULL: none are kept
 * out_response  initialised by the caller, http_response_clear(): 200, 204, 206, 301, 304, 400,
 * 403, 404, 405, 412, 416, 500, 501 or 503 Fails         base.oom, base.limit: nothing can be
 * answered
 */
bool static_respond(const struct snapshot_site *site, struct file_cache *cache,
                    const struct http_request *request, struct http_response *out_response,
                    struct err *e) PL_MUST_USE;

/* The media type for a file name, by its extension; "application/octet-stream" for what is unknown.
 */
const char *media_type_for(const char *file_name);

#endif
