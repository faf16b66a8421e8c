/*
 * System users: who serves, and what that user may read.
 *
 * Installed with users, the server runs as "padlock"; without them, as whoever started it.
 */
#ifndef PL_SYS_USER_H
#define PL_SYS_USER_H

#include "base/err.h"

#include <sys/types.h>

enum { USER_NAME_MAX = 64 };

struct user {
    char name[USER_NAME_MAX];
    uid_t uid;
    gid_t gid;
};

/* *out_found tells whether there is such a user. Fails sys.user (the database cannot be read). */
bool user_find(const char *name, struct user *out_user, bool *out_found, struct err *e) PL_MUST_USE;

/* The processes' users. */
enum user_role {
    USER_STORE, /* "padlock": the store, the certificate authority */
    USER_NET,   /* "padlock-net": what speaks with the network */
    USER_KEYS,  /* "padlock-keys": private keys */
};

/*
 * Whom a process becomes. As root: the role's user where it is there; without it, "nobody" for what
 * speaks with the network, and root (without capabilities) for the others. Else ourselves.
 * Fails sys.user.
 */
bool user_for(enum user_role role, struct user *out_user, struct err *e) PL_MUST_USE;

/*
 * Whether that user, handed the folder by us, can list it and read a file in it, found out by a
 * child process that becomes the user. Folders above need not be open to it.
 * Fails sys.user.cannot_read, sys.file.missing, sys.user
 */
bool user_can_read_folder(const struct user *user, const char *path, struct err *e) PL_MUST_USE;

/* Becomes the user for good, supplementary groups and all; does nothing when we are not root. Fails
 * sys.user. */
bool user_become(const struct user *user, struct err *e) PL_MUST_USE;

#endif
