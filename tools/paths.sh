# Where set-up keeps what it builds and unpacks; sourced by the other tools.
cache=${PADLOCK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/padlock}
# The last number is that of the way in which tools/build_openssl builds.
openssl_prefix=$cache/openssl-3.5-2
programs=$cache/programs
nginx_prefix=$cache/nginx-1.26

# True when OpenSSL comes from the cache: the system's is older than 3.5 and nobody asked for it.
wants_own_openssl() {
    [ "${OPENSSL:-}" != system ] && ! pkg-config --atleast-version=3.5 openssl 2>/dev/null
}
