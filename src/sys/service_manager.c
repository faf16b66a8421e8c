/* The protocols of sd_notify(3) and sd_listen_fds(3). */
#include "sys/service_manager.h"

#include "base/str.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_SOCKET = 3 };

void service_notify(const char *text) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = path == NULL ? 0 : strlen(path);
    if (len < 2 || len >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@')) {
        return;
    }
    memcpy(address.sun_path, path, len);
    if (path[0] == '@') {
        address.sun_path[0] = '\0'; /* an abstract socket */
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
        (void)close(fd);
    }
}

static bool is_listening(int fd) {
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof(address);
    int type = 0;
    int accepts = 0;
    socklen_t type_len = sizeof(type);
    socklen_t accepts_len = sizeof(accepts);
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 && type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &accepts_len) == 0 && accepts == 1 &&
           getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
           (address.ss_family == AF_INET || address.ss_family == AF_INET6);
}

static uint64_t number_of(const char *name) {
    uint64_t number = 0;
    const char *text = getenv(name);
    return text != NULL && str_to_u64(text, UINT32_MAX, &number) ? number : 0;
}

size_t service_take_sockets(int out_fds[SERVICE_SOCKETS_MAX], size_t *out_kept) {
    uint64_t count = number_of("LISTEN_FDS");
    uint64_t kept =
        getenv(SERVICE_KEPT_VARIABLE) == NULL ? count : number_of(SERVICE_KEPT_VARIABLE);
    size_t taken = 0;
    *out_kept = 0;
    if (number_of("LISTEN_PID") != (uint64_t)getpid()) {
        return 0;
    }
    for (uint64_t i = 0; i < count && i < SERVICE_SOCKETS_MAX; i++) {
        int fd = FIRST_SOCKET + (int)i;
        if (!is_listening(fd)) {
            (void)close(fd);
            continue;
        }
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        out_fds[taken++] = fd;
        *out_kept += i < kept ? 1 : 0;
    }
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv(SERVICE_KEPT_VARIABLE);
    return taken;
}

bool service_find_credential(const char *name, char out_path[SERVICE_PATH_MAX]) {
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (folder == NULL || folder[0] != '/') {
        return false;
    }
    int len = snprintf(out_path, SERVICE_PATH_MAX, "%s/%s", folder, name);
    return len > 0 && len < SERVICE_PATH_MAX && access(out_path, F_OK) == 0;
}
