/* ipc/messages: who may say what to whom. */
#include "unit.h"

#include "ipc/messages.h"

static const enum ipc_role roles[] = {IPC_SUPERVISOR, IPC_CLIENT,  IPC_NET,
                                      IPC_KEYS,       IPC_UNPACK,  IPC_CONTROL,
                                      IPC_PROBE,      IPC_METRICS, IPC_NET_SERVICES};

static void test_roles_have_names(void **state) {
    (void)state;
    enum ipc_role found = IPC_SUPERVISOR;
    for (size_t i = 0; i < PL_ARRAY_LEN(roles); i++) {
        assert_true(ipc_role_find(ipc_role_name(roles[i]), &found));
        assert_int_equal(found, roles[i]);
    }
    assert_false(ipc_role_find("root", &found));
    assert_false(ipc_role_find("", &found));
}

static void test_every_message_has_someone_to_send_and_to_take_it(void **state) {
    (void)state;
    for (unsigned type = 0; type < IPC_TYPE_COUNT; type++) {
        unsigned pairs = 0;
        for (size_t i = 0; i < PL_ARRAY_LEN(roles) * PL_ARRAY_LEN(roles); i++) {
            pairs += ipc_may_send((enum ipc_type)type, roles[i % PL_ARRAY_LEN(roles)],
                                  roles[i / PL_ARRAY_LEN(roles)])
                         ? 1
                         : 0;
        }
        assert_true(pairs > 0);
        assert_non_null(ipc_name((enum ipc_type)type));
    }
    assert_false(ipc_may_send(IPC_TYPE_COUNT, IPC_SUPERVISOR, IPC_NET));
}

/* What a taken-over process must not be able to ask for. */
static void test_net_and_unpack_can_ask_for_little(void **state) {
    (void)state;
    assert_true(ipc_may_send(IPC_SIGN, IPC_NET, IPC_KEYS));
    assert_false(ipc_may_send(IPC_KEYS_CALL, IPC_NET, IPC_KEYS));
    assert_false(ipc_may_send(IPC_SIGN, IPC_CONTROL, IPC_KEYS));
    assert_false(ipc_may_send(IPC_KEY_SEGMENT, IPC_NET, IPC_KEYS));
    assert_false(ipc_may_send(IPC_REQUEST, IPC_NET, IPC_CONTROL));
    assert_true(ipc_may_send(IPC_REQUEST, IPC_NET_SERVICES, IPC_CONTROL));
    assert_false(ipc_may_send(IPC_KEYS_CALL, IPC_NET_SERVICES, IPC_KEYS));
    for (unsigned type = 0; type < IPC_TYPE_COUNT; type++) {
        bool is_answer = type == IPC_READY || type == IPC_FAILED || type == IPC_UNPACK_REPLY;
        for (size_t i = 0; i < PL_ARRAY_LEN(roles); i++) {
            assert_true(is_answer || !ipc_may_send((enum ipc_type)type, IPC_UNPACK, roles[i]));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roles_have_names),
        cmocka_unit_test(test_every_message_has_someone_to_send_and_to_take_it),
        cmocka_unit_test(test_net_and_unpack_can_ask_for_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
