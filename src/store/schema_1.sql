-- Step 1 of the schema. A step, once released, is never changed: the next one mends it.
--
-- Written once for all drivers: INTEGER means 64 bits, BLOB bytes; STRICT and WITHOUT ROWID end
-- tables. A driver whose database says these differently rewrites exactly these words.
--
-- Times are Unix milliseconds; ids 16 bytes in UUIDv7 order, of which people type the last eight
-- digits (the indexes on substr(id, 13, 4)); "no host" is ''. Unique indexes of what can be deleted
-- cover live rows alone. Words (states, kinds) are the texts that people see.
--
-- REFERENCES sees rows, and a deleted row is still one: what must be live as long as something
-- refers to it is checked in store/table_write.c, too.

-- Numbers that only grow; the schema's own.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
INSERT INTO counters (name, value) VALUES ('schema', 0), ('changes', 0);

CREATE TABLE settings (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    name TEXT NOT NULL,
    value TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX settings_live_name ON settings (name) WHERE deleted_ms IS NULL;

CREATE TABLE nodes (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    name TEXT NOT NULL,
    applied_seq INTEGER NOT NULL,
    settled_seq INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX nodes_live_name ON nodes (name) WHERE deleted_ms IS NULL;

-- What was done. Numbers (seq) are in the order of the commits.
CREATE TABLE operations (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    node_id BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    seq INTEGER,
    title TEXT NOT NULL,
    actor TEXT NOT NULL,
    is_undoable INTEGER NOT NULL CHECK (is_undoable IN (0, 1)),
    undone_by BLOB REFERENCES operations (id),
    undoes BLOB REFERENCES operations (id)
) STRICT;
CREATE UNIQUE INDEX operations_seq ON operations (seq);
CREATE INDEX operations_undoable ON operations (seq)
    WHERE is_undoable = 1 AND undone_by IS NULL AND undoes IS NULL;
CREATE INDEX operations_images ON operations (created_ms) WHERE is_undoable = 1;
CREATE INDEX operations_short_id ON operations (substr(id, 13, 4));

CREATE TABLE changes (
    id BLOB NOT NULL PRIMARY KEY,
    operation_id BLOB NOT NULL REFERENCES operations (id),
    ordinal INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    row_id BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('insert', 'update', 'delete')),
    before_version INTEGER NOT NULL,
    after_version INTEGER NOT NULL,
    before_image TEXT,
    after_image TEXT
) STRICT;
CREATE UNIQUE INDEX changes_order ON changes (operation_id, ordinal);
CREATE INDEX changes_row ON changes (row_id, after_version);

-- The audit trail: one chain of hashes per node.
CREATE TABLE audit (
    id BLOB NOT NULL PRIMARY KEY,
    node_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id BLOB,
    details TEXT NOT NULL,
    previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE UNIQUE INDEX audit_chain ON audit (node_id, number);
CREATE INDEX audit_object ON audit (object_id, id);

CREATE TABLE audit_checkpoints (
    node_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    key_id BLOB NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (node_id, number)
) STRICT;

-- Private keys, sealed, and requests.
CREATE TABLE keys (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    purpose INTEGER NOT NULL,
    provider TEXT NOT NULL,
    is_exportable INTEGER NOT NULL CHECK (is_exportable IN (0, 1)),
    spec TEXT NOT NULL,
    spki_sha256 BLOB NOT NULL CHECK (length(spki_sha256) = 32),
    may_sign_ca INTEGER NOT NULL CHECK (may_sign_ca IN (0, 1)),
    path_length_max INTEGER NOT NULL,
    lifetime_max_ms INTEGER NOT NULL,
    may_sign_crl INTEGER NOT NULL CHECK (may_sign_crl IN (0, 1)),
    sealing_key_id BLOB NOT NULL CHECK (length(sealing_key_id) = 16),
    blob_format INTEGER NOT NULL,
    blob BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX keys_live_spki ON keys (spki_sha256) WHERE deleted_ms IS NULL;
CREATE INDEX keys_purpose ON keys (purpose, id) WHERE deleted_ms IS NULL;
CREATE INDEX keys_deleted ON keys (deleted_ms) WHERE deleted_ms IS NOT NULL AND length(blob) > 0;

CREATE TABLE secrets (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    not_before_ms INTEGER NOT NULL,
    not_after_ms INTEGER NOT NULL,
    sealing_key_id BLOB NOT NULL CHECK (length(sealing_key_id) = 16),
    blob BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX secrets_live_name ON secrets (kind, name) WHERE deleted_ms IS NULL;
CREATE INDEX secrets_kind ON secrets (kind, id) WHERE deleted_ms IS NULL;
CREATE INDEX secrets_deleted ON secrets (deleted_ms) WHERE deleted_ms IS NOT NULL;

CREATE TABLE requests (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    key_id BLOB NOT NULL REFERENCES keys (id),
    state TEXT NOT NULL CHECK (state IN ('pending', 'installed', 'cancelled')),
    subject TEXT NOT NULL,
    names TEXT NOT NULL,
    key_spec TEXT NOT NULL,
    spki_sha256 BLOB NOT NULL CHECK (length(spki_sha256) = 32),
    csr BLOB NOT NULL,
    friendly_name TEXT NOT NULL,
    cert_id BLOB
) STRICT;
CREATE INDEX requests_state ON requests (state, id) WHERE deleted_ms IS NULL;
CREATE INDEX requests_spki ON requests (spki_sha256, id) WHERE deleted_ms IS NULL;
CREATE INDEX requests_friendly_name ON requests (friendly_name, id) WHERE deleted_ms IS NULL;
CREATE INDEX requests_key ON requests (key_id);
CREATE INDEX requests_updated ON requests (state, updated_ms);
CREATE INDEX requests_short_id ON requests (substr(id, 13, 4)) WHERE deleted_ms IS NULL;

-- The CA: its certificates and CRLs, what was handed to it, what it issued.
CREATE TABLE issuers (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('root', 'issuing')),
    name TEXT NOT NULL,
    key_id BLOB NOT NULL REFERENCES keys (id),
    parent_id BLOB REFERENCES issuers (id),
    certificate BLOB NOT NULL,
    subject TEXT NOT NULL,
    spki_sha256 BLOB NOT NULL CHECK (length(spki_sha256) = 32),
    key_hash TEXT NOT NULL,
    base_url TEXT NOT NULL,
    not_before_ms INTEGER NOT NULL,
    not_after_ms INTEGER NOT NULL,
    crl_shard_count INTEGER NOT NULL CHECK (crl_shard_count > 0),
    crl_number INTEGER NOT NULL,
    crl_lifetime_ms INTEGER NOT NULL,
    leaf_lifetime_max_ms INTEGER NOT NULL,
    backdate_ms INTEGER NOT NULL,
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX issuers_live_name ON issuers (lower(name)) WHERE deleted_ms IS NULL;
CREATE UNIQUE INDEX issuers_live_key_hash ON issuers (key_hash) WHERE deleted_ms IS NULL;
CREATE INDEX issuers_active ON issuers (kind, is_active, id) WHERE deleted_ms IS NULL;
CREATE INDEX issuers_key ON issuers (key_id);
CREATE INDEX issuers_short_id ON issuers (substr(id, 13, 4)) WHERE deleted_ms IS NULL;

CREATE TABLE crls (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    issuer_id BLOB NOT NULL REFERENCES issuers (id),
    shard INTEGER NOT NULL CHECK (shard >= 0),
    number INTEGER NOT NULL,
    this_update_ms INTEGER NOT NULL,
    next_update_ms INTEGER NOT NULL,
    der BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX crls_live_shard ON crls (issuer_id, shard) WHERE deleted_ms IS NULL;
CREATE INDEX crls_next_update ON crls (next_update_ms, id) WHERE deleted_ms IS NULL;

CREATE TABLE submissions (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    csr BLOB NOT NULL,
    spki_sha256 BLOB NOT NULL CHECK (length(spki_sha256) = 32),
    requester TEXT NOT NULL,
    profile TEXT NOT NULL,
    subject TEXT NOT NULL,
    names TEXT NOT NULL,
    key_spec TEXT NOT NULL,
    lifetime_ms INTEGER NOT NULL,
    is_client_auth INTEGER NOT NULL CHECK (is_client_auth IN (0, 1)),
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'issued', 'failed')),
    reason TEXT NOT NULL,
    notices TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_ms INTEGER,
    issued_id BLOB
) STRICT;
CREATE INDEX submissions_state ON submissions (state, id) WHERE deleted_ms IS NULL;
CREATE INDEX submissions_spki ON submissions (spki_sha256, id) WHERE deleted_ms IS NULL;
CREATE INDEX submissions_updated ON submissions (state, updated_ms);
CREATE INDEX submissions_short_id ON submissions (substr(id, 13, 4)) WHERE deleted_ms IS NULL;

CREATE TABLE issued (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    issuer_id BLOB NOT NULL REFERENCES issuers (id),
    submission_id BLOB,
    serial BLOB NOT NULL CHECK (length(serial) BETWEEN 1 AND 20),
    state TEXT NOT NULL CHECK (state IN ('reserved', 'signed', 'revoked')),
    tbs BLOB NOT NULL,
    certificate BLOB,
    subject TEXT NOT NULL,
    names TEXT NOT NULL,
    profile TEXT NOT NULL,
    key_spec TEXT NOT NULL,
    spki_sha256 BLOB NOT NULL CHECK (length(spki_sha256) = 32),
    not_before_ms INTEGER NOT NULL,
    not_after_ms INTEGER NOT NULL,
    crl_shard INTEGER NOT NULL,
    revoked_ms INTEGER,
    revocation_reason INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX issued_serial ON issued (issuer_id, serial);
CREATE INDEX issued_by_serial ON issued (serial);
CREATE INDEX issued_state ON issued (state, id);
CREATE INDEX issued_issuer ON issued (issuer_id, id);
CREATE INDEX issued_expiry ON issued (not_after_ms, id);
CREATE INDEX issued_spki ON issued (spki_sha256, id);
CREATE INDEX issued_revoked ON issued (issuer_id, crl_shard, serial) WHERE revoked_ms IS NOT NULL;
CREATE INDEX issued_short_id ON issued (substr(id, 13, 4));

CREATE TABLE issued_names (
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    issued_id BLOB NOT NULL REFERENCES issued (id),
    not_after_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, name, issued_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX issued_names_expiry ON issued_names (kind, name, not_after_ms, issued_id);

-- Installed certificates.
CREATE TABLE certs (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    friendly_name TEXT NOT NULL,
    key_id BLOB REFERENCES keys (id),
    request_id BLOB,
    der BLOB NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    spki_sha256 BLOB NOT NULL CHECK (length(spki_sha256) = 32),
    subject TEXT NOT NULL,
    issuer TEXT NOT NULL,
    serial TEXT NOT NULL,
    names TEXT NOT NULL,
    not_before_ms INTEGER NOT NULL,
    not_after_ms INTEGER NOT NULL,
    key_spec TEXT NOT NULL,
    is_ca INTEGER NOT NULL CHECK (is_ca IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX certs_live_sha256 ON certs (sha256) WHERE deleted_ms IS NULL;
CREATE INDEX certs_live_expiry ON certs (not_after_ms, id) WHERE deleted_ms IS NULL;
CREATE INDEX certs_live_friendly_name ON certs (friendly_name, id) WHERE deleted_ms IS NULL;
CREATE INDEX certs_live_issuer ON certs (issuer, not_after_ms, id) WHERE deleted_ms IS NULL;
CREATE INDEX certs_live_spki ON certs (spki_sha256, not_after_ms, id) WHERE deleted_ms IS NULL;
CREATE INDEX certs_key ON certs (key_id);
CREATE INDEX certs_deleted ON certs (deleted_ms) WHERE deleted_ms IS NOT NULL;
CREATE INDEX certs_short_id ON certs (substr(id, 13, 4)) WHERE deleted_ms IS NULL;

CREATE TABLE cert_names (
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    cert_id BLOB NOT NULL REFERENCES certs (id),
    not_after_ms INTEGER NOT NULL,
    friendly_name TEXT NOT NULL,
    PRIMARY KEY (kind, name, cert_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX cert_names_expiry ON cert_names (kind, name, not_after_ms, cert_id);
CREATE INDEX cert_names_friendly_name ON cert_names (kind, name, friendly_name, cert_id);
CREATE INDEX cert_names_cert ON cert_names (cert_id);

CREATE TABLE intermediates (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    spki_sha256 BLOB NOT NULL CHECK (length(spki_sha256) = 32),
    subject TEXT NOT NULL,
    issuer TEXT NOT NULL,
    not_before_ms INTEGER NOT NULL,
    not_after_ms INTEGER NOT NULL,
    der BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX intermediates_live_sha256 ON intermediates (sha256) WHERE deleted_ms IS NULL;
CREATE INDEX intermediates_subject ON intermediates (subject, not_after_ms)
    WHERE deleted_ms IS NULL;

CREATE TABLE chain_links (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    cert_id BLOB NOT NULL REFERENCES certs (id),
    position INTEGER NOT NULL,
    intermediate_id BLOB NOT NULL REFERENCES intermediates (id)
) STRICT;
CREATE UNIQUE INDEX chain_links_live_position ON chain_links (cert_id, position)
    WHERE deleted_ms IS NULL;
CREATE INDEX chain_links_cert ON chain_links (cert_id);
CREATE INDEX chain_links_intermediate ON chain_links (intermediate_id);
CREATE INDEX chain_links_deleted ON chain_links (deleted_ms) WHERE deleted_ms IS NOT NULL;

-- OCSP responses, one for each certificate that has one.
CREATE TABLE staples (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    cert_id BLOB NOT NULL REFERENCES certs (id),
    der BLOB NOT NULL,
    this_update_ms INTEGER NOT NULL,
    next_update_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX staples_live_cert ON staples (cert_id) WHERE deleted_ms IS NULL;
CREATE INDEX staples_cert ON staples (cert_id);
CREATE INDEX staples_live_end ON staples (next_update_ms, id) WHERE deleted_ms IS NULL;
CREATE INDEX staples_deleted ON staples (deleted_ms) WHERE deleted_ms IS NOT NULL;

-- What is served.
CREATE TABLE sites (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('static', 'services')),
    name TEXT NOT NULL,
    root_path TEXT NOT NULL,
    index_names TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX sites_live_name ON sites (lower(name)) WHERE deleted_ms IS NULL;
CREATE INDEX sites_name ON sites (name, id) WHERE deleted_ms IS NULL;
CREATE INDEX sites_deleted ON sites (deleted_ms) WHERE deleted_ms IS NOT NULL;
CREATE INDEX sites_short_id ON sites (substr(id, 13, 4)) WHERE deleted_ms IS NULL;

-- Policies of one's own; numbers of versions as on the wire.
CREATE TABLE tls_policies (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    name TEXT NOT NULL,
    about TEXT NOT NULL,
    version_min INTEGER NOT NULL,
    version_max INTEGER NOT NULL CHECK (version_max >= version_min),
    suite_names TEXT NOT NULL,
    group_names TEXT NOT NULL,
    scheme_names TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX tls_policies_live_name ON tls_policies (lower(name)) WHERE deleted_ms IS NULL;
CREATE INDEX tls_policies_name ON tls_policies (name, id) WHERE deleted_ms IS NULL;
CREATE INDEX tls_policies_deleted ON tls_policies (deleted_ms) WHERE deleted_ms IS NOT NULL;

-- A policy is named, and referred to when it is none of the built-in ones. client_ca: certificates
-- in DER, one after the other; NULL: those of the own CA.
CREATE TABLE bindings (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version > 0),
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, deleted_ms INTEGER,
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    site_id BLOB NOT NULL REFERENCES sites (id),
    scheme TEXT NOT NULL CHECK (scheme IN ('https', 'http')),
    address TEXT NOT NULL,
    port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
    host TEXT NOT NULL,
    is_strict INTEGER NOT NULL CHECK (is_strict IN (0, 1)),
    is_proxied INTEGER NOT NULL CHECK (is_proxied IN (0, 1)),
    tls_policy TEXT NOT NULL,
    tls_policy_id BLOB REFERENCES tls_policies (id),
    client_auth TEXT NOT NULL CHECK (client_auth IN ('none', 'optional', 'required')),
    client_ca BLOB,
    parts TEXT NOT NULL,
    rsa_cert_id BLOB REFERENCES certs (id),
    ec_cert_id BLOB REFERENCES certs (id),
    ed25519_cert_id BLOB REFERENCES certs (id)
) STRICT;
CREATE UNIQUE INDEX bindings_live_endpoint ON bindings (scheme, address, port, host)
    WHERE deleted_ms IS NULL;
CREATE INDEX bindings_live_host ON bindings (host, id) WHERE deleted_ms IS NULL;
CREATE INDEX bindings_live_port ON bindings (address, port, host, id) WHERE deleted_ms IS NULL;
CREATE INDEX bindings_live_site ON bindings (site_id, host, id) WHERE deleted_ms IS NULL;
CREATE INDEX bindings_site ON bindings (site_id, id);
CREATE INDEX bindings_live_policy ON bindings (tls_policy, id) WHERE deleted_ms IS NULL;
CREATE INDEX bindings_tls_policy ON bindings (tls_policy_id, id) WHERE tls_policy_id IS NOT NULL;
CREATE INDEX bindings_rsa_cert ON bindings (rsa_cert_id, id) WHERE rsa_cert_id IS NOT NULL;
CREATE INDEX bindings_ec_cert ON bindings (ec_cert_id, id) WHERE ec_cert_id IS NOT NULL;
CREATE INDEX bindings_ed25519_cert ON bindings (ed25519_cert_id, id)
    WHERE ed25519_cert_id IS NOT NULL;
CREATE INDEX bindings_deleted ON bindings (deleted_ms) WHERE deleted_ms IS NOT NULL;
CREATE INDEX bindings_short_id ON bindings (substr(id, 13, 4)) WHERE deleted_ms IS NULL;
