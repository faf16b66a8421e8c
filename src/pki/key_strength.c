/*
 * Refuses public keys that are known to be weak, by arithmetic on the public key alone.
 *
 * Source: CA/Browser Forum BR §6.1.1.3, §6.1.5, §6.1.6; NIST SP 800-89 §5.3.3; CVE-2017-15361
 * (ROCA: Nemec, Sys, Svenda, Klinec, Matyas: "The Return of Coppersmith's Attack", 2017). Not done:
 * primes shared with other keys' moduli (that needs all of them), low private exponents.
 */
#include "pki/key.h"

#include "pki/key_known.h"
#include "pki/openssl.h"

#include <openssl/core_names.h>

enum {
    RSA_BITS_MIN = 2048,
    RSA_BITS_MAX = 8192, /* beyond it a single check costs more than it protects */
    RSA_EXPONENT_BITS_MAX = 256,
    SMALL_FACTOR_MAX = 751,
    ROCA_PRIME_MAX = 167, /* the primes that divide the M of every key size that was affected */
    ROCA_GENERATOR = 65537,
    FERMAT_ROUNDS = 100,
};

static unsigned next_prime(unsigned after) {
    for (unsigned candidate = after + 1;; candidate++) {
        unsigned divisor = 2;
        while (divisor * divisor <= candidate && candidate % divisor != 0) {
            divisor++;
        }
        if (divisor * divisor > candidate) {
            return candidate;
        }
    }
}

static bool check_exponent(const BIGNUM *exponent, struct err *e) {
    if (!BN_is_odd(exponent) || BN_is_one(exponent) || BN_is_negative(exponent)) {
        return err_set(e, ERR_PKI_KEY_WEAK_EXPONENT,
                       "the RSA public exponent is not an odd number of at least 3");
    }
    if (BN_num_bits(exponent) > RSA_EXPONENT_BITS_MAX) {
        return err_set(e, ERR_PKI_KEY_WEAK_EXPONENT,
                       "the RSA public exponent is longer than %d bits", RSA_EXPONENT_BITS_MAX);
    }
    return true;
}

static bool check_size(const BIGNUM *modulus, struct err *e) {
    int bits = BN_num_bits(modulus);
    if (bits < RSA_BITS_MIN) {
        (void)err_set(e, ERR_PKI_KEY_WEAK_SIZE, "the RSA key has %d bits, fewer than %d", bits,
                      RSA_BITS_MIN);
        return err_hint(e, "make a new key of kind ec:p256 or rsa:2048");
    }
    if (bits > RSA_BITS_MAX || bits % 8 != 0) {
        return err_set(e, ERR_PKI_KEY_WEAK_SIZE,
                       "the RSA key has %d bits; at most %d and a multiple of 8 are allowed", bits,
                       RSA_BITS_MAX);
    }
    return true;
}

static bool check_small_factors(const BIGNUM *modulus, struct err *e) {
    for (unsigned prime = 2; prime <= SMALL_FACTOR_MAX; prime = next_prime(prime)) {
        if (BN_mod_word(modulus, prime) == 0) {
            return err_set(e, ERR_PKI_KEY_WEAK_FACTOR, "the RSA modulus is divisible by %u", prime);
        }
    }
    return true;
}

/* True when residue is a power of the generator modulo prime. */
static bool is_power_of_generator(unsigned residue, unsigned prime) {
    unsigned step = ROCA_GENERATOR % prime;
    unsigned power = 1;
    do {
        if (power == residue) {
            return true;
        }
        power = power * step % prime;
    } while (power != 1);
    return false;
}

/*
 * The affected library made its primes as k × M + (65537^a mod M), M the product of the first
 * primes: modulo each of those primes the modulus is then a power of 65537. An innocent modulus
 * passes all of them by chance once in 2^27.
 */
static bool check_roca(const BIGNUM *modulus, struct err *e) {
    for (unsigned prime = 3; prime <= ROCA_PRIME_MAX; prime = next_prime(prime)) {
        if (!is_power_of_generator((unsigned)BN_mod_word(modulus, prime), prime)) {
            return true;
        }
    }
    (void)err_set(
        e, ERR_PKI_KEY_WEAK_ROCA,
        "the RSA key was made by a chip whose keys can be factored (CVE-2017-15361, ROCA)");
    return err_hint(e, "make a new key with other software, or update the chip first");
}

/* root = floor(sqrt(square)), by Newton's iteration from above. scratch and the others are
 * distinct. */
static bool square_root(BIGNUM *root, const BIGNUM *square, BIGNUM *scratch, BN_CTX *context) {
    BN_zero(root);
    if (BN_is_zero(square)) {
        return true;
    }
    if (!BN_set_bit(root, (BN_num_bits(square) + 1) / 2)) {
        return false;
    }
    for (;;) {
        if (!BN_div(scratch, NULL, square, root, context) || !BN_add(scratch, scratch, root) ||
            !BN_rshift1(scratch, scratch)) {
            return false;
        }
        if (BN_cmp(scratch, root) >= 0) {
            return true;
        }
        BN_swap(scratch, root);
    }
}

enum fermat { FERMAT_FOUND, FERMAT_NOT_FOUND, FERMAT_FAILED };

/* With p and q close, modulus = a² - b² for an a just above its square root. */
static enum fermat find_close_primes(const BIGNUM *modulus, BN_CTX *context) {
    BIGNUM *a = BN_CTX_get(context);
    BIGNUM *b = BN_CTX_get(context);
    BIGNUM *difference = BN_CTX_get(context);
    BIGNUM *scratch = BN_CTX_get(context);
    if (scratch == NULL || !square_root(a, modulus, scratch, context)) {
        return FERMAT_FAILED;
    }
    for (int round = 0; round <= FERMAT_ROUNDS; round++) {
        if (!BN_sqr(difference, a, context) || !BN_sub(difference, difference, modulus)) {
            return FERMAT_FAILED;
        }
        if (!BN_is_negative(difference)) {
            if (!square_root(b, difference, scratch, context) || !BN_sqr(scratch, b, context)) {
                return FERMAT_FAILED;
            }
            if (BN_cmp(scratch, difference) == 0) {
                return FERMAT_FOUND;
            }
        }
        if (!BN_add_word(a, 1)) {
            return FERMAT_FAILED;
        }
    }
    return FERMAT_NOT_FOUND;
}

static bool check_close_primes(const BIGNUM *modulus, BN_CTX *context, struct err *e) {
    BN_CTX_start(context);
    enum fermat found = find_close_primes(modulus, context);
    BN_CTX_end(context);
    switch (found) {
    case FERMAT_NOT_FOUND:
        return true;
    case FERMAT_FOUND:
        return err_set(e, ERR_PKI_KEY_WEAK_CLOSE_PRIMES,
                       "the RSA modulus can be factored: its two primes are close together");
    case FERMAT_FAILED:
        break;
    }
    return err_set_openssl(e, ERR_BASE_OOM, "cannot compute with the RSA modulus");
}

/* For a modulus p^k (k ≥ 1) p divides 2^modulus - 2; for a product of two large primes nothing
 * does. */
static bool check_prime_power(const BIGNUM *modulus, BN_CTX *context, struct err *e) {
    BN_CTX_start(context);
    BIGNUM *two = BN_CTX_get(context);
    BIGNUM *power = BN_CTX_get(context);
    BIGNUM *divisor = BN_CTX_get(context);
    bool is_computed = divisor != NULL && BN_set_word(two, 2) &&
                       BN_mod_exp(power, two, modulus, modulus, context) &&
                       BN_mod_sub(power, power, two, modulus, context) &&
                       BN_gcd(divisor, power, modulus, context);
    bool is_composite = is_computed && BN_is_one(divisor);
    BN_CTX_end(context);
    if (!is_computed) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot compute with the RSA modulus");
    }
    return is_composite || err_set(e, ERR_PKI_KEY_WEAK_FACTOR,
                                   "the RSA modulus is a prime or the power of a prime");
}

PL_DEFINE_FREEP(bn_ctx_freep, BN_CTX, BN_CTX_free)

static bool check_rsa(const EVP_PKEY *key, struct err *e) {
    PL_AUTO(bn_freep) BIGNUM *modulus = NULL;
    PL_AUTO(bn_freep) BIGNUM *exponent = NULL;
    PL_AUTO(bn_ctx_freep) BN_CTX *context = BN_CTX_new();
    if (context == NULL || EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus) != 1 ||
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1) {
        return err_set_openssl(e, ERR_PKI_KEY_INVALID, "cannot read the RSA key's numbers");
    }
    return check_size(modulus, e) && check_exponent(exponent, e) &&
           check_small_factors(modulus, e) && check_roca(modulus, e) &&
           check_close_primes(modulus, context, e) && check_prime_power(modulus, context, e);
}

static bool check_ec(EVP_PKEY *key, struct err *e) {
    int is_explicit = 0;
    if (key_spec_of(key).bits == 0) {
        return err_set(e, ERR_PKI_KEY_CURVE, "the key's curve is not P-256, P-384 or P-521");
    }
    if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                               &is_explicit) == 1 &&
        is_explicit == 1) {
        return err_set(e, ERR_PKI_KEY_CURVE, "the key spells its curve out instead of naming it");
    }
    PL_AUTO(evp_pkey_ctx_freep) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    if (context == NULL) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot check the key");
    }
    return EVP_PKEY_public_check(context) == 1 ||
           err_set_openssl(e, ERR_PKI_KEY_CURVE, "the key's point is not a point of its curve");
}

static bool check_family(EVP_PKEY *key, struct err *e) {
    switch (key_spec_of(key).family) {
    case KEY_RSA:
        return check_rsa(key, e);
    case KEY_EC:
        return check_ec(key, e);
    case KEY_ED25519:
        return true;
    case KEY_OTHER:
        break;
    }
    const char *name = EVP_PKEY_get0_type_name(key);
    return err_set(e, ERR_PKI_KEY_FAMILY, "keys of kind %s are not allowed",
                   name == NULL ? "unknown" : name);
}

bool key_strength_check(EVP_PKEY *key, struct err *e) {
    uint8_t spki_sha256[KEY_SPKI_SHA256_LEN];
    return check_family(key, e) && key_spki_sha256(key, spki_sha256, e) &&
           key_known_check_builtin(spki_sha256, e);
}
