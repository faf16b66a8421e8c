# Where set-up keeps what it builds and unpacks; sourced by the other tools.
cache=${PADLOCK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/padlock}
openssl_prefix=$cache/openssl-3.5
programs=$cache/programs
