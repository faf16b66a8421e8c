/* role/worker: what still comes from the parent while a process ends is not for it any more. */
#include "unit.h"

#include "ipc/channel.h"
#include "ops/init.h"
#include "role/worker.h"
#include "sys/process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 20000, ROUNDS = 5 };

static char folder[] = "/tmp/padlock-worker-XXXXXX";
static char store[64];

static pid_t begin_control(struct ipc_channel **out_channel) {
    int fds[2];
    struct err e = {0};
    assert_ok(ipc_pair(fds, &e), &e);
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(fds[0]);
        (void)dup2(fds[1], PROCESS_PARENT_FD);
        _exit(worker_main("control", "supervisor"));
    }
    (void)close(fds[1]);
    assert_ok(ipc_channel_new(fds[0], IPC_SUPERVISOR, IPC_CONTROL, out_channel, &e), &e);
    return pid;
}

static void start(struct ipc_channel *channel) {
    static struct worker_start wish;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf bytes = {.max = 16384};
    struct pack_writer w = {.out = &bytes};
    struct ipc_message message = {0};
    wish = (struct worker_start){.user = {.uid = geteuid(), .gid = getegid()}};
    (void)snprintf(wish.data_dir, sizeof(wish.data_dir), "%s", store);
    worker_start_pack(&wish, &w);
    assert_ok(pack_end(&w, &e), &e);
    assert_ok(ipc_send(channel, IPC_START, bytes.data, bytes.len, -1, &e), &e);
    assert_ok(ipc_send(channel, IPC_GO, NULL, 0, -1, &e), &e);
    do { /* the store is open when the bindings are told */
        assert_ok(ipc_wait(channel, WAIT_MS, &message, &e), &e);
        assert_int_not_equal(message.type, IPC_FAILED);
    } while (message.type != IPC_INDEX);
}

/* As the supervisor does when keys was restarted while control ends. */
static void send_peers(struct ipc_channel *channel, pid_t pid, int *out_status) {
    int fds[2];
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf bytes = {.max = 64};
    struct pack_writer w = {.out = &bytes};
    pack_u32(&w, IPC_KEYS);
    pack_u32(&w, 0);
    assert_ok(pack_end(&w, &e), &e);
    assert_ok(ipc_pair(fds, &e), &e);
    bool is_heard = true;
    while (waitpid(pid, out_status, WNOHANG) == 0) {
        is_heard = is_heard && ipc_send(channel, IPC_PEER, bytes.data, bytes.len, fds[1], NULL) &&
                   ipc_flush(channel) != IPC_ENDED;
    }
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void test_messages_after_stop(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct err e = {0};
        PL_AUTO(ipc_channel_freep) struct ipc_channel *channel = NULL;
        int status = 0;
        pid_t pid = begin_control(&channel);
        start(channel);
        assert_ok(ipc_send(channel, IPC_STOP, NULL, 0, -1, &e), &e);
        assert_int_not_equal(ipc_flush(channel), IPC_ENDED);
        send_peers(channel, pid, &status);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

static int set_up(void **state) {
    (void)state;
    struct err e = {0};
    const struct init_wish wish = {.has_no_ca = true};
    assert_non_null(mkdtemp(folder));
    (void)snprintf(store, sizeof(store), "%s/store", folder);
    assert_ok(ops_init(store, &wish, &e), &e);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    DIR *files = opendir(store);
    const struct dirent *file = NULL;
    assert_non_null(files);
    while ((file = readdir(files)) != NULL) {
        (void)unlinkat(dirfd(files), file->d_name, 0);
    }
    (void)closedir(files);
    return rmdir(store) != 0 || rmdir(folder) != 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_messages_after_stop)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
