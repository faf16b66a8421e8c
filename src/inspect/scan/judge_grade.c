/* The grade: three scores, their letter, and what findings cap it at. */
#include "inspect/scan/judge_parts.h"

#include "inspect/wire/numbers.h"

/* Source: SSL Labs' guide, "Protocol support": the mean of the best and the worst. */
static unsigned score_protocols(const struct scan_host *h) {
    static const unsigned scores[SCAN_VERSIONS] = {80, 90, 95, 100, 100};
    unsigned best = 0;
    unsigned worst = h->has_ssl2 == FACT_YES ? 0 : 100;
    for (size_t i = 0; i < SCAN_VERSIONS; i++) {
        if (h->versions[i].is_spoken == FACT_YES) {
            best = scores[i] > best ? scores[i] : best;
            worst = scores[i] < worst ? scores[i] : worst;
        }
    }
    return (best + worst) / 2;
}

/* As many bits as an RSA key that takes as much to break. Source: NIST SP 800-57, table 2 */
static unsigned rsa_bits(const struct key_spec *spec) {
    switch (spec->family) {
    case KEY_RSA:
        return spec->bits;
    case KEY_EC:
        return spec->bits >= 512 ? 15360 : (spec->bits >= 384 ? 7680 : 3072);
    case KEY_ED25519:
        return 3072;
    case KEY_OTHER:
        return 0;
    }
    return 0;
}

static unsigned smaller(unsigned a, unsigned b) {
    return b != 0 && (a == 0 || b < a) ? b : a;
}

static bool has_suite(const struct scan_host *h, bool (*is_it)(const struct scan_suite *suite)) {
    struct scan_suite suite;
    for (size_t i = 0; i < SCAN_VERSIONS; i++) {
        for (size_t k = 0; k < h->versions[i].suite_count; k++) {
            if (scan_suite_find(h->versions[i].suites[k], &suite) && is_it(&suite)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_anonymous(const struct scan_suite *suite) {
    return suite->exchange == SCAN_EXCHANGE_ANON;
}

static bool is_export(const struct scan_suite *suite) {
    return suite->is_export;
}

/* Source: the guide, "Key exchange" */
static unsigned score_exchange(const struct scan_host *h, const struct scan_verified *chains) {
    unsigned bits = h->dh_bits;
    for (size_t i = 0; i < h->chain_count; i++) {
        if (chains[i].counts) {
            bits = smaller(bits, rsa_bits(&h->chains[i].certs.items[0]->key_spec));
        }
    }
    if (has_suite(h, is_anonymous)) {
        return 0;
    }
    if (has_suite(h, is_export)) {
        bits = smaller(bits, 512);
    }
    if (bits < 512) {
        return bits == 0 ? 100 : 20;
    }
    return bits < 1024 ? 40 : (bits < 2048 ? 80 : (bits < 4096 ? 90 : 100));
}

static unsigned score_bits(unsigned bits) {
    if (bits == 0) {
        return 0;
    }
    return bits < 128 ? 20 : (bits < 256 ? 80 : 100);
}

/* Source: the guide, "Cipher strength": the mean of the strongest and the weakest */
static unsigned score_ciphers(const struct scan_host *h) {
    unsigned best = 0;
    unsigned worst = 100;
    struct scan_suite suite;
    for (size_t i = 0; i < SCAN_VERSIONS; i++) {
        for (size_t k = 0; k < h->versions[i].suite_count; k++) {
            if (scan_suite_find(h->versions[i].suites[k], &suite)) {
                unsigned score = score_bits(suite.bits);
                best = score > best ? score : best;
                worst = score < worst ? score : worst;
            }
        }
    }
    return (best + worst) / 2;
}

static enum grade letter(unsigned score) {
    static const struct {
        unsigned at_least;
        enum grade grade;
    } letters[] = {{80, GRADE_A}, {65, GRADE_B}, {50, GRADE_C}, {35, GRADE_D}, {20, GRADE_E}};
    for (size_t i = 0; i < PL_ARRAY_LEN(letters); i++) {
        if (score >= letters[i].at_least) {
            return letters[i].grade;
        }
    }
    return GRADE_F;
}

void judge_grade(const struct scan_host *h, const struct scan_verified *chains,
                 struct scan_judgement *j) {
    j->protocol_score = score_protocols(h);
    j->exchange_score = score_exchange(h, chains);
    j->cipher_score = score_ciphers(h);
    j->score = (30 * j->protocol_score + 30 * j->exchange_score + 40 * j->cipher_score) / 100;
    j->grade = letter(j->score);
    /* Without a fault, and with browsers told to stay with https: A+. */
    bool is_perfect = j->grade == GRADE_A && scan_hsts_age_s(&h->head) >= 0;
    for (size_t i = 0; i < j->finding_count; i++) {
        const struct finding_about *about = finding_about(j->findings[i].id);
        is_perfect = is_perfect && about->cap == GRADE_A_PLUS && about->severity > SEVERITY_MEDIUM;
        j->grade = about->cap > j->grade ? about->cap : j->grade;
    }
    if (is_perfect) {
        j->grade = GRADE_A_PLUS;
    }
}
