/* ipc/channel: messages and descriptors arrive whole and in order, and nothing else is heard. */
#include "unit.h"

#include "ipc/channel.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
    struct ipc_channel *supervisor;
    struct ipc_channel *net;
};

static struct pair connect_two(void) {
    struct err e = {0};
    struct pair pair = {0};
    int ends[2];
    assert_ok(ipc_pair(ends, &e), &e);
    assert_ok(ipc_channel_new(ends[0], IPC_SUPERVISOR, IPC_NET, &pair.supervisor, &e), &e);
    assert_ok(ipc_channel_new(ends[1], IPC_NET, IPC_SUPERVISOR, &pair.net, &e), &e);
    return pair;
}

static void disconnect(struct pair *pair) {
    ipc_channel_free(pair->supervisor);
    ipc_channel_free(pair->net);
}

/* A descriptor that can be told from others. */
static int numbered(unsigned number) {
    int ends[2];
    char digit = (char)('0' + number % 10);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], &digit, 1), 1);
    (void)close(ends[1]);
    return ends[0];
}

static char number_of(int fd) {
    char digit = 0;
    assert_int_equal(read(fd, &digit, 1), 1);
    return digit;
}

static void send_mixed(struct pair *pair, unsigned count) {
    struct err e = {0};
    for (unsigned i = 0; i < count; i++) {
        char text[32];
        int len = snprintf(text, sizeof(text), "message %u", i);
        int fd = i % 3 == 0 ? numbered(i) : -1;
        assert_ok(ipc_send(pair->supervisor, fd >= 0 ? IPC_SEGMENT : IPC_NOT_LISTENING, text,
                           (size_t)len, fd, &e),
                  &e);
        if (fd >= 0) {
            (void)close(fd);
        }
    }
}

static void test_messages_and_descriptors_arrive_in_order(void **state) {
    (void)state;
    enum { COUNT = 300 };
    struct pair pair = connect_two();
    unsigned got = 0;
    send_mixed(&pair, COUNT);
    while (got < COUNT) {
        struct ipc_message message;
        enum ipc_status sent = ipc_flush(pair.supervisor);
        assert_true(sent == IPC_DONE || sent == IPC_BLOCKED);
        assert_int_equal(ipc_receive(pair.net), IPC_DONE);
        while (ipc_next(pair.net, &message)) {
            char text[32];
            int len = snprintf(text, sizeof(text), "message %u", got);
            assert_int_equal(message.len, len);
            assert_memory_equal(message.bytes, text, message.len);
            assert_int_equal(message.fd >= 0, got % 3 == 0);
            if (message.fd >= 0) {
                assert_int_equal(number_of(message.fd), '0' + got % 10);
            }
            got++;
        }
    }
    disconnect(&pair);
}

static size_t open_descriptors(void) {
    size_t count = 0;
    for (int fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    }
    return count;
}

static void test_descriptors_that_nobody_takes_are_closed(void **state) {
    (void)state;
    size_t before = open_descriptors();
    struct pair pair = connect_two();
    struct ipc_message message;
    send_mixed(&pair, 30); /* some are taken, some are read over, some stay in the channel */
    assert_int_equal(ipc_flush(pair.supervisor), IPC_DONE);
    assert_int_equal(ipc_receive(pair.net), IPC_DONE);
    assert_true(ipc_next(pair.net, &message));
    int kept = ipc_take_fd(&message);
    assert_int_equal(number_of(kept), '0');
    assert_true(ipc_next(pair.net, &message) && ipc_next(pair.net, &message));
    send_mixed(&pair, 6); /* and some are not sent */
    disconnect(&pair);
    (void)close(kept);
    assert_int_equal(open_descriptors(), before);
}

/* Bytes that no channel of ours would send. */
static void hear(const void *bytes, size_t len, const char *expected) {
    int ends[2];
    struct err e = {0};
    struct ipc_channel *channel = NULL;
    struct ipc_message message;
    assert_ok(ipc_pair(ends, &e), &e);
    assert_ok(ipc_channel_new(ends[0], IPC_KEYS, IPC_NET, &channel, &e), &e);
    assert_int_equal(send(ends[1], bytes, len, 0), (ssize_t)len);
    (void)!ipc_receive(channel);
    assert_false(ipc_next(channel, &message));
    assert_non_null(ipc_broken_because(channel));
    assert_string_equal(ipc_broken_because(channel), expected);
    assert_fails(ipc_send(channel, IPC_SIGNED, "", 0, -1, &e), &e, ERR_IPC_BROKEN);
    ipc_channel_free(channel);
    (void)close(ends[1]);
}

static void test_who_breaks_the_rules_is_not_heard_again(void **state) {
    (void)state;
    const struct {
        uint32_t len;
        uint16_t type;
        uint16_t has_fd;
        const char *because;
    } bad[] = {
        {0, 60000, 0, "it sent a message that it must not send"},
        {0, IPC_KEYS_CALL, 0, "it sent a message that it must not send"},
        {0, IPC_SIGNED, 0, "it sent a message that it must not send"},
        {100000, IPC_SIGN, 0, "it sent a message that is too large"},
        {0, IPC_SIGN, 1, "it sent a message with a descriptor too many or too few"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        hear(&bad[i], 8, bad[i].because);
    }
}

static void test_a_missing_descriptor_is_noticed(void **state) {
    (void)state;
    const struct {
        uint32_t len;
        uint16_t type;
        uint16_t has_fd;
    } frame = {0, IPC_ROOT, 1};
    int ends[2];
    struct err e = {0};
    struct ipc_message message;
    struct ipc_channel *channel = NULL;
    assert_ok(ipc_pair(ends, &e), &e);
    assert_ok(ipc_channel_new(ends[0], IPC_NET, IPC_SUPERVISOR, &channel, &e), &e);
    assert_int_equal(send(ends[1], &frame, sizeof(frame), 0), sizeof(frame));
    (void)!ipc_receive(channel);
    assert_false(ipc_next(channel, &message));
    assert_string_equal(ipc_broken_because(channel), "a message lacks its descriptor");
    ipc_channel_free(channel);
    (void)close(ends[1]);
}

static void test_the_end_comes_after_the_last_message(void **state) {
    (void)state;
    struct pair pair = connect_two();
    struct err e = {0};
    struct ipc_message message;
    assert_ok(ipc_send(pair.net, IPC_READY, NULL, 0, -1, &e), &e);
    assert_int_equal(ipc_flush(pair.net), IPC_DONE);
    ipc_channel_free(pair.net);
    pair.net = NULL;
    assert_int_equal(ipc_receive(pair.supervisor), IPC_DONE);
    assert_true(ipc_next(pair.supervisor, &message));
    assert_int_equal(message.type, IPC_READY);
    assert_int_equal(ipc_receive(pair.supervisor), IPC_ENDED);
    assert_null(ipc_broken_because(pair.supervisor));
    disconnect(&pair);
}

static void test_waiting_has_an_end(void **state) {
    (void)state;
    struct pair pair = connect_two();
    struct err e = {0};
    struct ipc_message message;
    assert_fails(ipc_wait(pair.supervisor, 20, &message, &e), &e, ERR_IPC_TIMEOUT);
    ipc_channel_free(pair.net);
    pair.net = NULL;
    assert_fails(ipc_wait(pair.supervisor, 1000, &message, &e), &e, ERR_IPC_BROKEN);
    disconnect(&pair);
}

static void test_a_queue_that_is_full_is_told(void **state) {
    (void)state;
    struct pair pair = connect_two();
    struct err e = {0};
    static char large[200];
    bool ok = true;
    for (size_t sent = 0; sent <= IPC_QUEUE_MAX && ok; sent += sizeof(large)) {
        ok = ipc_send(pair.supervisor, IPC_NOT_LISTENING, large, sizeof(large), -1, &e);
    }
    assert_fails(ok, &e, ERR_BASE_LIMIT);
    disconnect(&pair);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_and_descriptors_arrive_in_order),
        cmocka_unit_test(test_descriptors_that_nobody_takes_are_closed),
        cmocka_unit_test(test_who_breaks_the_rules_is_not_heard_again),
        cmocka_unit_test(test_a_missing_descriptor_is_noticed),
        cmocka_unit_test(test_the_end_comes_after_the_last_message),
        cmocka_unit_test(test_waiting_has_an_end),
        cmocka_unit_test(test_a_queue_that_is_full_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
