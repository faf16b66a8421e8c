/* site/static: a real folder, and every way out of it that is known. */
#include "unit.h"

#include "base/str.h"
#include "site/static.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct world {
    char top[64]; /* holds root/ and secret.txt beside it */
    struct folder *root;
    struct file_cache *cache;
    struct snapshot_site site;
};

static const char *path_in(const struct world *w, const char *name) {
    static char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", w->top, name);
    return path;
}

static void write_file(const struct world *w, const char *name, const char *content) {
    int fd = open(path_in(w, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000, .tv_nsec = 5}};
    assert_int_equal(futimens(fd, times), 0);
    (void)close(fd);
}

static void link_to(const struct world *w, const char *target, const char *name) {
    assert_int_equal(symlink(target, path_in(w, name)), 0);
}

static void make_files(const struct world *w) {
    static const char *const folders[] = {"root",
                                          "root/dir",
                                          "root/dir/sub",
                                          "root/empty",
                                          "root/.git",
                                          "root/.well-known",
                                          "root/.well-known/.hidden",
                                          "root/a b&\xc3\xa9",
                                          "root/evil.example"};
    for (size_t i = 0; i < PL_ARRAY_LEN(folders); i++) {
        assert_int_equal(mkdir(path_in(w, folders[i]), 0755), 0);
    }
    write_file(w, "secret.txt", "secret");
    write_file(w, "root/index.html", "<p>home");
    write_file(w, "root/file.txt", "0123456789");
    write_file(w, "root/empty.css", "");
    write_file(w, "root/dir/index.htm", "<p>dir");
    write_file(w, "root/dir/page.HTML", "<p>page");
    write_file(w, "root/.git/config", "secret");
    write_file(w, "root/.htpasswd", "secret");
    write_file(w, "root/.well-known/security.txt", "well known");
    write_file(w, "root/.well-known/.hidden/x", "secret");
    write_file(w, "root/back\\slash", "odd");
    link_to(w, "../secret.txt", "root/out");
    link_to(w, "/etc/passwd", "root/absolute");
    link_to(w, "..", "root/up");
    link_to(w, "dir/page.HTML", "root/in");
    link_to(w, "loop", "root/loop");
    link_to(w, "/proc/self/root", "root/magic");
    assert_int_equal(mkfifo(path_in(w, "root/fifo"), 0644), 0);
}

static int set_up(void **state) {
    struct err e = {0};
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    (void)snprintf(w->top, sizeof(w->top), "/tmp/padlock-static-XXXXXX");
    assert_non_null(mkdtemp(w->top));
    make_files(w);
    assert_ok(folder_open(path_in(w, "root"), &w->root, &e), &e);
    assert_ok(file_cache_new(&w->cache, &e), &e);
    static char names[][12] = {"index.html", "index.htm"};
    w->site =
        (struct snapshot_site){.name = NULL, .root = w->root, .index_names = {names[0], names[1]}};
    *state = w;
    return 0;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where) {
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

static int tear_down(void **state) {
    struct world *w = *state;
    folder_free(w->root);
    file_cache_free(w->cache);
    assert_int_equal(nftw(w->top, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(w);
    return 0;
}

/* --- asking
 * -------------------------------------------------------------------------------------------- */

struct answer {
    int status;
    char fields[1024];
    char body[4096];
    uint64_t body_len;
};

static struct http_request request_for(const char *path) {
    struct http_request request = {.method = HTTP_GET, .path = {path, strlen(path)}};
    return request;
}

static void add(struct http_request *request, const char *name, const char *value) {
    request->fields[request->field_count++] =
        (struct http_field){.name = {name, strlen(name)}, .value = {value, strlen(value)}};
}

static struct answer ask(struct world *w, const struct http_request *request) {
    struct err e = {0};
    struct answer answer = {0};
    PL_AUTO(http_response_clear) struct http_response response;
    http_response_init(&response, 0);
    assert_ok(static_respond(&w->site, w->cache, request, &response, &e), &e);
    answer.status = response.status;
    answer.body_len = response.body.len;
    (void)str_copy(answer.fields, sizeof(answer.fields), buf_string(&response.fields));
    size_t len = 0;
    assert_ok(http_body_read(&response.body, answer.body, sizeof(answer.body) - 1, &len, &e), &e);
    answer.body[len] = '\0';
    return answer;
}

static struct answer get(struct world *w, const char *path) {
    struct http_request request = request_for(path);
    return ask(w, &request);
}

static void assert_field(const struct answer *answer, const char *name, const char *value) {
    char line[600];
    if (value != NULL) {
        (void)snprintf(line, sizeof(line), "%s: %s\r\n", name, value);
        if (strstr(answer->fields, line) == NULL) {
            fail_msg("no \"%s: %s\" in %s", name, value, answer->fields);
        }
    } else {
        (void)snprintf(line, sizeof(line), "%s:", name);
        assert_null(strstr(answer->fields, line));
    }
}

/* The value of a field, in place. */
static const char *field_of(const struct answer *answer, const char *name) {
    static char value[512];
    const char *at = strstr(answer->fields, name);
    assert_non_null(at);
    (void)str_copy(value, sizeof(value), at + strlen(name) + 2);
    *strchr(value, '\r') = '\0';
    return value;
}

/* --- files
 * ------------------------------------------------------------------------------------------------
 */

static void test_files_and_their_types(void **state) {
    struct world *w = *state;
    static const struct {
        const char *path;
        const char *type;
        const char *body;
    } table[] = {
        {"/", "text/html; charset=utf-8", "<p>home"},
        {"//", "text/html; charset=utf-8", "<p>home"},
        {"/index.html", "text/html; charset=utf-8", "<p>home"},
        {"/file.txt", "text/plain; charset=utf-8", "0123456789"},
        {"/%66ile%2etxt", "text/plain; charset=utf-8", "0123456789"},
        {"//dir///page.HTML", "text/html; charset=utf-8", "<p>page"},
        {"/dir/", "text/html; charset=utf-8", "<p>dir"},
        {"/empty.css", "text/css; charset=utf-8", ""},
        {"/in", "application/octet-stream", "<p>page"}, /* a link that stays inside */
        {"/.well-known/security.txt", "text/plain; charset=utf-8", "well known"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(table); i++) {
        struct answer answer = get(w, table[i].path);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer.body, table[i].body);
        assert_field(&answer, "Content-Type", table[i].type);
        assert_field(&answer, "Accept-Ranges", "bytes");
        assert_field(&answer, "Last-Modified", "Sun, 09 Sep 2001 01:46:40 GMT");
    }
    assert_string_equal(media_type_for("a.b/c"), "application/octet-stream");
    assert_string_equal(media_type_for("x.WOFF2"), "font/woff2");
    assert_string_equal(media_type_for("x."), "application/octet-stream");
}

static void test_there_is_no_way_out(void **state) {
    struct world *w = *state;
    static const char *const bad[] = {
        "/../secret.txt",
        "/dir/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/.%2e/secret.txt",
        "/%2E%2e/",
        "/..",
        "/dir/..",
        "/./file.txt",
        "/.",
        "/..%2fsecret.txt",
        "/dir%2fpage.HTML",
        "/file.txt%00",
        "/%00",
        "/..\\secret.txt",
        "/back\\slash",
        "/back%5cslash",
        "/..%5csecret.txt",
        "/%",
        "/%2",
        "/%zz",
        "/a%2",
        "/%c0%ae%c0%ae/x%",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        struct answer answer = get(w, bad[i]);
        if (answer.status != 400 || strstr(answer.body, "secret") != NULL) {
            fail_msg("%s: %d", bad[i], answer.status);
        }
    }
    static const char *const hidden[] = {
        "/out",
        "/absolute",
        "/up/secret.txt",
        "/up",
        "/up/",
        "/loop",
        "/magic/etc/passwd",
        "/magic/",
        "/.git/config",
        "/.git/",
        "/.git",
        "/.htpasswd",
        "/%2ehtpasswd",
        "/dir/.well-known/x",
        "/.well-known/.hidden/x",
        "/.well-known2/x",
        "/...",
        "/fifo",
        "/none",
        "/none/",
        "/file.txt/",
        "/file.txt/x",
        "/empty/",
        "/.well-known/",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(hidden); i++) {
        struct answer answer = get(w, hidden[i]);
        if (answer.status != 404 || strstr(answer.body, "secret") != NULL) {
            fail_msg("%s: %d", hidden[i], answer.status);
        }
    }
}

static void test_long_paths(void **state) {
    struct world *w = *state;
    char path[STATIC_PATH_MAX + 3];
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[STATIC_PATH_MAX + 1] = '\0';
    assert_int_equal(get(w, path).status, 404); /* longer than a file's name can be */
    path[STATIC_PATH_MAX + 1] = 'a';
    path[STATIC_PATH_MAX + 2] = '\0';
    assert_int_equal(get(w, path).status, 400);
}

static void test_special_files_do_not_block(void **state) {
    struct world *w = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)str_copy(address.sun_path, sizeof(address.sun_path), path_in(w, "root/socket"));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(get(w, "/socket").status, 404);
    assert_int_equal(get(w, "/fifo").status, 404);
    (void)close(fd);
    (void)unlink(address.sun_path);
}

static void test_folders_are_redirected_to_their_slash(void **state) {
    struct world *w = *state;
    struct answer answer = get(w, "/dir");
    assert_int_equal(answer.status, 301);
    assert_field(&answer, "Location", "/dir/");
    struct http_request request = request_for("//evil.example");
    request.query = (struct http_text){"a=b", 3};
    answer = ask(w, &request);
    assert_int_equal(answer.status, 301);
    assert_field(&answer, "Location", "/evil.example/?a=b"); /* never "//evil.example/" */
    answer = get(w, "/a%20b&%C3%A9");
    assert_field(&answer, "Location", "/a%20b&%C3%A9/");
}

static void test_what_cannot_be_read(void **state) {
    struct world *w = *state;
    bool is_root = geteuid() == 0; /* who reads everything: become somebody who does not */
    assert_int_equal(chmod(path_in(w, "root/file.txt"), 0), 0);
    assert_int_equal(is_root ? seteuid(65534) : 0, 0);
    int status = get(w, "/file.txt").status;
    assert_int_equal(is_root ? seteuid(0) : 0, 0);
    assert_int_equal(chmod(path_in(w, "root/file.txt"), 0644), 0);
    assert_int_equal(status, 403);
}

static void test_a_site_without_its_folder(void **state) {
    struct world *w = *state;
    struct folder *root = PL_TAKE(w->site.root);
    assert_int_equal(get(w, "/").status, 503);
    w->site.root = root;
}

/* --- methods, conditions, ranges
 * -------------------------------------------------------------------------- */

static void test_methods(void **state) {
    struct world *w = *state;
    struct http_request request = request_for("/file.txt");
    request.method = HTTP_POST;
    struct answer answer = ask(w, &request);
    assert_int_equal(answer.status, 405);
    assert_field(&answer, "Allow", "GET, HEAD, OPTIONS");
    request.method = HTTP_OPTIONS;
    answer = ask(w, &request);
    assert_int_equal(answer.status, 204);
    assert_field(&answer, "Allow", "GET, HEAD, OPTIONS");
    request.method = HTTP_METHOD_OTHER;
    assert_int_equal(ask(w, &request).status, 501);
    request.method = HTTP_HEAD;
    answer = ask(w, &request);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_len, 10);
}

static void test_conditions(void **state) {
    struct world *w = *state;
    struct answer whole = get(w, "/file.txt");
    char etag[64];
    (void)str_copy(etag, sizeof(etag), field_of(&whole, "ETag"));
    struct http_request request = request_for("/file.txt");
    add(&request, "If-None-Match", etag);
    struct answer answer = ask(w, &request);
    assert_int_equal(answer.status, 304);
    assert_int_equal(answer.body_len, 0);
    assert_field(&answer, "ETag", etag);
    request = request_for("/file.txt");
    add(&request, "If-Match", "\"other\"");
    assert_int_equal(ask(w, &request).status, 412);
    write_file(w, "root/file.txt", "0123456789A"); /* same time, other length */
    request = request_for("/file.txt");
    add(&request, "If-None-Match", etag);
    assert_int_equal(ask(w, &request).status, 200);
    write_file(w, "root/file.txt", "0123456789");
}

static void test_one_range(void **state) {
    struct world *w = *state;
    struct http_request request = request_for("/file.txt");
    add(&request, "Range", "bytes=2-4");
    struct answer answer = ask(w, &request);
    assert_int_equal(answer.status, 206);
    assert_string_equal(answer.body, "234");
    assert_field(&answer, "Content-Range", "bytes 2-4/10");
    request.fields[0].value = (struct http_text){"bytes=10-", 9};
    answer = ask(w, &request);
    assert_int_equal(answer.status, 416);
    assert_field(&answer, "Content-Range", "bytes */10");
}

static void test_several_ranges(void **state) {
    struct world *w = *state;
    struct http_request request = request_for("/file.txt");
    add(&request, "Range", "bytes=0-1,8-");
    struct answer answer = ask(w, &request);
    assert_int_equal(answer.status, 206);
    const char *type = field_of(&answer, "Content-Type");
    assert_true(str_starts_with(type, "multipart/byteranges; boundary="));
    const char *boundary = strchr(type, '=') + 1;
    char expected[1000];
    (void)snprintf(expected, sizeof(expected),
                   "\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes "
                   "0-1/10\r\n\r\n01"
                   "\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes "
                   "8-9/10\r\n\r\n89"
                   "\r\n--%s--\r\n",
                   boundary, boundary, boundary);
    assert_string_equal(answer.body, expected);
    assert_int_equal(answer.body_len, strlen(expected));
}

static struct answer get_with(struct world *w, const char *path, const char *name,
                              const char *value) {
    struct http_request request = request_for(path);
    add(&request, name, value);
    return ask(w, &request);
}

/* Once the files are old enough to be kept: the same answers, and never those of yesterday. */
static void test_a_file_that_is_kept_is_answered_as_it_is_now(void **state) {
    struct world *w = *state;
    struct answer fresh = get(w, "/file.txt");
    struct answer part = get_with(w, "/file.txt", "Range", "bytes=2-4");
    (void)usleep((FILE_CACHE_SETTLE_MS + 1100) * 1000);
    for (unsigned i = 0; i < 3; i++) {
        struct answer again = get(w, "/file.txt");
        assert_int_equal(again.status, 200);
        assert_string_equal(again.fields, fresh.fields);
        assert_string_equal(again.body, fresh.body);
        again = get_with(w, "/file.txt", "Range", "bytes=2-4");
        assert_int_equal(again.status, 206);
        assert_string_equal(again.fields, part.fields);
        assert_string_equal(again.body, "234");
        assert_string_equal(get(w, "/").body, "<p>home");
        assert_string_equal(get(w, "/in").body, "<p>page");
        assert_int_equal(get(w, "/out").status, 404);
        assert_int_equal(get(w, "/dir").status, 301);
        assert_int_equal(get_with(w, "/file.txt", "If-None-Match", "*").status, 304);
    }
    write_file(w, "root/file.txt", "abcdefghij"); /* its mtime and size stay the same */
    assert_string_equal(get(w, "/file.txt").body, "abcdefghij");
    assert_int_equal(chmod(path_in(w, "root/index.html"), 0), 0);
    if (geteuid() != 0) {
        assert_int_equal(get(w, "/").status, 403);
    }
    assert_int_equal(unlink(path_in(w, "root/in")), 0);
    assert_int_equal(get(w, "/in").status, 404);
    link_to(w, "../secret.txt", "root/in");
    assert_int_equal(get(w, "/in").status, 404);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_and_their_types),
        cmocka_unit_test(test_there_is_no_way_out),
        cmocka_unit_test(test_long_paths),
        cmocka_unit_test(test_special_files_do_not_block),
        cmocka_unit_test(test_folders_are_redirected_to_their_slash),
        cmocka_unit_test(test_what_cannot_be_read),
        cmocka_unit_test(test_a_site_without_its_folder),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_one_range),
        cmocka_unit_test(test_several_ranges),
        cmocka_unit_test(test_a_file_that_is_kept_is_answered_as_it_is_now),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
