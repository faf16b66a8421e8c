/* Trust stores: each is one function that reports its own result; one that fails stops no other. */
#include "ops/trust.h"

#include "base/mem.h"
#include "base/str.h"
#include "ops/context.h"
#include "ops/issuer.h"
#include "sys/file.h"
#include "sys/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM_FOLDER "/usr/local/share/ca-certificates"

/* What all three need to know. */
struct trust_job {
    bool is_install;
    bool is_dry_run;
    char name[64];  /* "padlock-KEYHASH": file, nickname and alias */
    char *pem_path; /* the root, for programs; NULL when removing and in a dry run */
    struct buf pem;
};

static const char *const store_texts[TRUST_STORE_COUNT] = {"system", "nss", "java"};

const char *trust_store_text(enum trust_store store) {
    return store_texts[store];
}

bool trust_store_from_text(const char *text, enum trust_store *out_store) {
    for (size_t i = 0; i < TRUST_STORE_COUNT; i++) {
        if (str_equal(text, store_texts[i])) {
            *out_store = (enum trust_store)i;
            return true;
        }
    }
    return false;
}

const char *trust_state_text(enum trust_state state) {
    switch (state) {
    case TRUST_SKIPPED:
        return "skipped";
    case TRUST_DONE:
        return "done";
    case TRUST_NOT_THERE:
        return "not there";
    case TRUST_FAILED:
        return "failed";
    }
    return "";
}

/* --- results --------------------------------------------------------------------------------- */

static void set_reason(struct trust_result *result, enum trust_state state, const char *reason) {
    result->outcome = state;
    (void)str_copy(result->reason, sizeof(result->reason), reason);
}

static bool has_program(struct trust_result *result, const char *program, const char *package) {
    if (run_is_installed(program)) {
        return true;
    }
    char reason[TRUST_REASON_MAX];
    (void)snprintf(reason, sizeof(reason), "%s is not installed (Debian package %s)", program,
                   package);
    set_reason(result, TRUST_NOT_THERE, reason);
    return false;
}

/* The end of a program's output, on one line: where programs say what went wrong. */
static void output_end(struct buf *output, char *out, size_t size) {
    for (size_t i = 0; i < output->len; i++) {
        output->data[i] = output->data[i] == '\n' ? ' ' : output->data[i];
    }
    while (output->len > 0 && str_is_space((char)output->data[output->len - 1])) {
        output->data[--output->len] = '\0';
    }
    size_t skipped = output->len < size ? 0 : output->len - size + 1;
    (void)str_copy(out, size, buf_string(output) + skipped);
}

/* True when it ran and exited with 0; else the result says why not. */
static bool run_quietly(struct trust_result *result, const char *const *arguments) {
    PL_AUTO(buf_clear) struct buf output = {.max = RUN_OUTPUT_MAX};
    struct err e = {0};
    int exit_code = 0;
    char text[TRUST_REASON_MAX / 2];
    char reason[TRUST_REASON_MAX];
    if (!run_program(arguments, TRUST_RUN_TIMEOUT_MS, &output, &exit_code, &e)) {
        set_reason(result, TRUST_FAILED, e.step[0]);
        return false;
    }
    if (exit_code != 0) {
        output_end(&output, text, sizeof(text));
        (void)snprintf(reason, sizeof(reason), "%s exited with %d: %s", arguments[0], exit_code,
                       text);
        set_reason(result, TRUST_FAILED, reason);
        return false;
    }
    return true;
}

/*
 * True when the program that looks for the root finds it. Else the result is "not there" when the
 * program's reason holds the words for that, or what it said.
 */
static bool has_root(struct trust_result *result, const char *const *look, const char *missing) {
    if (run_quietly(result, look)) {
        return true;
    }
    if (strstr(result->reason, missing) != NULL) {
        set_reason(result, TRUST_NOT_THERE, "the root is not in it");
    }
    return false;
}

/* --- the system's ---------------------------------------------------------------------------- */

static bool put_system_file(const struct trust_job *job, struct trust_result *result) {
    struct err e = {0};
    if (job->is_install) {
        if (file_make_folder(SYSTEM_FOLDER, 0755, &e) &&
            file_replace(result->place, job->pem.data, job->pem.len, 0644, &e)) {
            return true;
        }
        set_reason(result, TRUST_FAILED, e.step[0]);
        return false;
    }
    if (unlink(result->place) == 0) {
        return true;
    }
    char reason[TRUST_REASON_MAX];
    (void)snprintf(reason, sizeof(reason), "cannot remove the file: %s", strerror(errno));
    set_reason(result, TRUST_FAILED, reason);
    return false;
}

/*
 * Debian's hook copies each root that enters the system's store into Java's, under a name of its
 * own, and does not take out what update-ca-certificates --fresh drops.
 */
static bool remove_java_copy(const struct trust_job *job, struct trust_result *result) {
    char alias[TRUST_REASON_MAX];
    (void)snprintf(alias, sizeof(alias), "debian:%s.pem", job->name);
    const char *const look[] = {"keytool",   "-list",  "-cacerts", "-storepass", "changeit",
                                "-noprompt", "-alias", alias,      NULL};
    const char *const remove[] = {"keytool",   "-delete", "-cacerts", "-storepass", "changeit",
                                  "-noprompt", "-alias",  alias,      NULL};
    struct trust_result copy = {0};
    return !run_is_installed("keytool") || !run_quietly(&copy, look) || run_quietly(result, remove);
}

static bool change_system(const struct trust_job *job, struct trust_result *result) {
    static const char *const add[] = {"update-ca-certificates", NULL};
    /* Removing leaves dangling links in /etc/ssl/certs otherwise. */
    static const char *const fresh[] = {"update-ca-certificates", "--fresh", NULL};
    return put_system_file(job, result) && run_quietly(result, job->is_install ? add : fresh) &&
           (job->is_install || remove_java_copy(job, result));
}

static void trust_system(const struct trust_job *job, struct trust_result *result) {
    (void)snprintf(result->place, sizeof(result->place), SYSTEM_FOLDER "/%s.crt", job->name);
    if (!has_program(result, "update-ca-certificates", "ca-certificates")) {
        return;
    }
    if (!job->is_install && !file_exists(result->place)) {
        set_reason(result, TRUST_NOT_THERE, "the root is not in it");
        return;
    }
    if (job->is_dry_run || change_system(job, result)) {
        result->outcome = TRUST_DONE;
    }
}

/* --- NSS ------------------------------------------------------------------------------------- */

static bool make_nss(struct trust_result *result, const char *folder, const char *database) {
    const char *const make[] = {"certutil", "-d", database, "-N", "--empty-password", NULL};
    struct err e = {0};
    if (!file_make_folder(folder, 0700, &e)) {
        set_reason(result, TRUST_FAILED, e.step[0]);
        return false;
    }
    return run_quietly(result, make);
}

static void remove_nss(const struct trust_job *job, struct trust_result *result, bool is_there,
                       const char *database) {
    const char *const look[] = {"certutil", "-d", database, "-L", "-n", job->name, NULL};
    const char *const remove[] = {"certutil", "-d", database, "-D", "-n", job->name, NULL};
    if (!is_there) {
        set_reason(result, TRUST_NOT_THERE, "there is no database");
        return;
    }
    if (has_root(result, look, "Could not find cert") &&
        (job->is_dry_run || run_quietly(result, remove))) {
        result->outcome = TRUST_DONE;
    }
}

static void trust_nss(const struct trust_job *job, struct trust_result *result) {
    const char *home = getenv("HOME");
    char folder[TRUST_REASON_MAX - 16];
    char database[TRUST_REASON_MAX];
    char file[TRUST_REASON_MAX];
    if (!has_program(result, "certutil", "libnss3-tools")) {
        return;
    }
    int len = snprintf(folder, sizeof(folder), "%s/.pki/nssdb", home == NULL ? "" : home);
    if (home == NULL || home[0] != '/' || len < 0 || (size_t)len >= sizeof(folder)) {
        set_reason(result, TRUST_NOT_THERE, "there is no home folder");
        return;
    }
    (void)str_copy(result->place, sizeof(result->place), folder);
    (void)snprintf(database, sizeof(database), "sql:%s", folder);
    (void)snprintf(file, sizeof(file), "%s/cert9.db", folder);
    bool is_there = file_exists(file);
    if (!job->is_install) {
        remove_nss(job, result, is_there, database);
        return;
    }
    const char *const add[] = {"certutil", "-d",      database, "-A",          "-t", "C,,",
                               "-n",       job->name, "-i",     job->pem_path, NULL};
    if (job->is_dry_run ||
        ((is_there || make_nss(result, folder, database)) && run_quietly(result, add))) {
        result->outcome = TRUST_DONE;
    }
}

/* --- Java ------------------------------------------------------------------------------------ */

static void install_java(const struct trust_job *job, struct trust_result *result) {
    const char *const install[] = {"keytool",  "-importcert", "-cacerts", "-storepass",
                                   "changeit", "-noprompt",   "-alias",   job->name,
                                   "-file",    job->pem_path, NULL};
    if (job->is_dry_run || run_quietly(result, install)) {
        set_reason(result, TRUST_DONE, "");
    }
}

static void trust_java(const struct trust_job *job, struct trust_result *result) {
    const char *const look[] = {"keytool",   "-list",  "-cacerts", "-storepass", "changeit",
                                "-noprompt", "-alias", job->name,  NULL};
    const char *const remove[] = {"keytool",   "-delete", "-cacerts", "-storepass", "changeit",
                                  "-noprompt", "-alias",  job->name,  NULL};
    (void)str_copy(result->place, sizeof(result->place), "cacerts");
    if (!has_program(result, "keytool", "default-jre-headless")) {
        return;
    }
    /* The alias names the key: what is there under it is this root. */
    bool is_there = has_root(result, look, "does not exist");
    if (job->is_install && !is_there && result->outcome == TRUST_NOT_THERE) {
        install_java(job, result);
    } else if (is_there && (job->is_install || job->is_dry_run || run_quietly(result, remove))) {
        result->outcome = TRUST_DONE;
    }
}

/* --- all ------------------------------------------------------------------------------------- */

static void job_clear(struct trust_job *job) {
    if (job->pem_path != NULL) {
        (void)unlink(job->pem_path);
        mem_free(job->pem_path);
    }
    buf_clear(&job->pem);
}

/* The root as a file that the programs read: in the data directory, removed afterwards. */
static bool write_root(struct ops *ops, struct trust_job *job, const struct cert *root,
                       struct err *e) {
    char name[80];
    (void)snprintf(name, sizeof(name), ".%s.pem", job->name);
    return cert_append_pem(root, &job->pem, e) &&
           (job->is_dry_run || (file_join(ops->data_dir, name, &job->pem_path, e) &&
                                file_replace(job->pem_path, job->pem.data, job->pem.len, 0644, e)));
}

static bool record(struct ops *ops, const struct trust_job *job, const struct issuer_row *root,
                   struct err *e) {
    const char *title = job->is_install ? "trust install" : "trust remove";
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, title, false, e) &&
           ops_audit(ops, job->is_install ? "trust.install" : "trust.remove", "issuer", &root->id,
                     root->subject, e) &&
           ops_end(ops, &op, e);
}

bool ops_trust(struct ops *ops, bool is_install, const bool wanted[TRUST_STORE_COUNT],
               struct trust_result out_results[TRUST_STORE_COUNT], struct err *e) {
    static void (*const stores[TRUST_STORE_COUNT])(
        const struct trust_job *job, struct trust_result *result) = {trust_system, trust_nss,
                                                                     trust_java};
    PL_AUTO(issuer_clear) struct issuer root = {0};
    PL_AUTO(job_clear)
    struct trust_job job = {
        .is_install = is_install, .is_dry_run = ops->is_dry_run, .pem = {.max = 2 * CERT_DER_MAX}};
    if (!ops_root(ops, &root, e)) {
        return false;
    }
    (void)snprintf(job.name, sizeof(job.name), "padlock-%.48s", root.row->key_hash);
    if ((is_install && !write_root(ops, &job, root.certificate, e)) ||
        !record(ops, &job, root.row, e)) {
        return false;
    }
    for (size_t i = 0; i < TRUST_STORE_COUNT; i++) {
        out_results[i] = (struct trust_result){.outcome = TRUST_SKIPPED};
        if (wanted[i]) {
            stores[i](&job, &out_results[i]);
        }
    }
    return true;
}
