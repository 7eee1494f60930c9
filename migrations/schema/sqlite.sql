CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

-- Running upgrade  -> 0001_the_desk_opens

CREATE TABLE users (
    user_id VARCHAR(64) NOT NULL,
    name VARCHAR(200) NOT NULL,
    role VARCHAR(16) NOT NULL,
    active BOOLEAN DEFAULT 1 NOT NULL,
    email VARCHAR(320),
    CONSTRAINT pk_users PRIMARY KEY (user_id),
    CONSTRAINT ck_users_role CHECK (role IN ('Analyst', 'QA', 'Manager', 'Auditor'))
);

CREATE UNIQUE INDEX ix_users_email ON users (email) WHERE email IS NOT NULL;

CREATE TABLE customers (
    customer_id VARCHAR(80) NOT NULL,
    name VARCHAR(200) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    country VARCHAR(2) NOT NULL,
    segment VARCHAR(64) NOT NULL,
    occupation VARCHAR(120) NOT NULL,
    since DATE,
    CONSTRAINT pk_customers PRIMARY KEY (customer_id),
    CONSTRAINT ck_customers_kind CHECK (kind IN ('Person', 'Business', 'Unknown'))
);

CREATE INDEX ix_customers_name ON customers (name);

CREATE TABLE accounts (
    account_id VARCHAR(64) NOT NULL,
    customer_id VARCHAR(80),
    holder VARCHAR(200) NOT NULL,
    bank VARCHAR(64) NOT NULL,
    currency VARCHAR(3) NOT NULL,
    country VARCHAR(2) NOT NULL,
    opened_on DATE,
    CONSTRAINT pk_accounts PRIMARY KEY (account_id),
    CONSTRAINT fk_accounts_customer_id_customers FOREIGN KEY(customer_id) REFERENCES customers (customer_id)
);

CREATE INDEX ix_accounts_customer_id ON accounts (customer_id);

CREATE TABLE imports (
    import_id VARCHAR(64) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    file_name VARCHAR(260) NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    reading VARCHAR(64) NOT NULL,
    started_at DATETIME NOT NULL,
    finished_at DATETIME,
    chunks INTEGER NOT NULL,
    rows_read BIGINT NOT NULL,
    rows_stored BIGINT NOT NULL,
    rows_duplicate BIGINT NOT NULL,
    rows_rejected BIGINT NOT NULL,
    CONSTRAINT pk_imports PRIMARY KEY (import_id)
);

CREATE INDEX ix_imports_sha256 ON imports (sha256);

CREATE TABLE import_rejects (
    import_id VARCHAR(64) NOT NULL,
    row_number BIGINT NOT NULL,
    field VARCHAR(64) NOT NULL,
    value VARCHAR(100) NOT NULL,
    reason VARCHAR(400) NOT NULL,
    CONSTRAINT pk_import_rejects PRIMARY KEY (import_id, row_number),
    CONSTRAINT fk_import_rejects_import_id_imports FOREIGN KEY(import_id) REFERENCES imports (import_id)
);

CREATE TABLE transactions (
    transaction_id VARCHAR(64) NOT NULL,
    booked_at DATETIME NOT NULL,
    from_account VARCHAR(64) NOT NULL,
    to_account VARCHAR(64) NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency VARCHAR(3) NOT NULL,
    received_minor BIGINT NOT NULL,
    received_currency VARCHAR(3) NOT NULL,
    base_minor BIGINT NOT NULL,
    channel VARCHAR(8) NOT NULL,
    from_country VARCHAR(2) NOT NULL,
    to_country VARCHAR(2) NOT NULL,
    branch VARCHAR(64) NOT NULL,
    reference VARCHAR(140) NOT NULL,
    CONSTRAINT pk_transactions PRIMARY KEY (transaction_id),
    CONSTRAINT ck_transactions_channel CHECK (channel IN ('CASH', 'ACH', 'WIRE', 'CARD', 'CHEQUE', 'CRYPTO', 'INTERNAL', 'OTHER')),
    CONSTRAINT ck_transactions_sides CHECK (from_account <> '' OR to_account <> ''),
    CONSTRAINT ck_transactions_amounts CHECK (amount_minor >= 0 AND received_minor >= 0 AND base_minor >= 0)
);

CREATE INDEX ix_transactions_from_account_booked_at ON transactions (from_account, booked_at);

CREATE INDEX ix_transactions_to_account_booked_at ON transactions (to_account, booked_at);

CREATE TABLE exchange_rates (
    currency VARCHAR(3) NOT NULL,
    valid_from DATE NOT NULL,
    usd_per_unit VARCHAR(40) NOT NULL,
    source VARCHAR(200) NOT NULL,
    CONSTRAINT pk_exchange_rates PRIMARY KEY (currency, valid_from)
);

CREATE TABLE cases (
    case_id VARCHAR(64) NOT NULL,
    customer_id VARCHAR(80) NOT NULL,
    status VARCHAR(16) NOT NULL,
    owner VARCHAR(64),
    disposition VARCHAR(16) NOT NULL,
    version INTEGER NOT NULL,
    opened_at DATETIME NOT NULL,
    alerted_at DATETIME NOT NULL,
    suspicion_at DATETIME NOT NULL,
    suspicion_event BIGINT NOT NULL,
    suspicion_moved BOOLEAN NOT NULL,
    suspect_identified BOOLEAN NOT NULL,
    decision_text VARCHAR NOT NULL,
    decided_by VARCHAR(64),
    decided_at DATETIME,
    approved_by VARCHAR(64),
    approved_at DATETIME,
    closed_at DATETIME,
    qa_status VARCHAR(8) NOT NULL,
    qa_reviewer VARCHAR(64),
    qa_reviewed_at DATETIME,
    qa_severity VARCHAR(16) NOT NULL,
    qa_notes VARCHAR NOT NULL,
    due_at DATETIME NOT NULL,
    is_open BOOLEAN NOT NULL,
    severity INTEGER NOT NULL,
    risk_rank SMALLINT NOT NULL,
    typology VARCHAR(64) NOT NULL,
    alert_count INTEGER NOT NULL,
    transaction_count BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    CONSTRAINT pk_cases PRIMARY KEY (case_id),
    CONSTRAINT ck_cases_disposition CHECK (disposition IN ('', 'No SAR', 'SAR', 'Escalate')),
    CONSTRAINT ck_cases_qa_status CHECK (qa_status IN ('', 'Pass', 'Fail')),
    CONSTRAINT ck_cases_closed_is_decided CHECK (status <> 'Closed' OR disposition IN ('No SAR', 'SAR')),
    CONSTRAINT ck_cases_new_is_unowned CHECK (status <> 'New' OR owner IS NULL),
    CONSTRAINT ck_cases_status CHECK (status IN ('New', 'In Review', 'Closed')),
    CONSTRAINT fk_cases_approved_by_users FOREIGN KEY(approved_by) REFERENCES users (user_id),
    CONSTRAINT fk_cases_customer_id_customers FOREIGN KEY(customer_id) REFERENCES customers (customer_id),
    CONSTRAINT fk_cases_decided_by_users FOREIGN KEY(decided_by) REFERENCES users (user_id),
    CONSTRAINT fk_cases_owner_users FOREIGN KEY(owner) REFERENCES users (user_id),
    CONSTRAINT fk_cases_qa_reviewer_users FOREIGN KEY(qa_reviewer) REFERENCES users (user_id)
);

CREATE INDEX ix_cases_closed_at ON cases (closed_at);

CREATE INDEX ix_cases_customer_id_status ON cases (customer_id, status);

CREATE INDEX ix_cases_queue ON cases (is_open, due_at, risk_rank, case_id);

CREATE INDEX ix_cases_queue_all ON cases (due_at, risk_rank, case_id);

CREATE INDEX ix_cases_queue_disposition ON cases (disposition, is_open, due_at, risk_rank, case_id);

CREATE INDEX ix_cases_queue_opened ON cases (is_open, opened_at, case_id);

CREATE INDEX ix_cases_queue_owner ON cases (owner, is_open, due_at, risk_rank, case_id);

CREATE INDEX ix_cases_queue_risk ON cases (is_open, risk_rank, due_at, case_id);

CREATE TABLE detection_runs (
    run_id VARCHAR(64) NOT NULL,
    ran_at DATETIME NOT NULL,
    until DATETIME,
    rule_set_hash VARCHAR(64) NOT NULL,
    parameters VARCHAR NOT NULL,
    data_fingerprint VARCHAR(128) NOT NULL,
    engine VARCHAR(64) NOT NULL,
    transactions BIGINT NOT NULL,
    new_alerts INTEGER NOT NULL,
    grown_alerts INTEGER NOT NULL,
    CONSTRAINT pk_detection_runs PRIMARY KEY (run_id)
);

CREATE TABLE alerts (
    alert_id VARCHAR(64) NOT NULL,
    rule VARCHAR(64) NOT NULL,
    rule_version VARCHAR(16) NOT NULL,
    parameters VARCHAR NOT NULL,
    customer_id VARCHAR(80) NOT NULL,
    account_id VARCHAR(64) NOT NULL,
    window_start DATETIME NOT NULL,
    window_end DATETIME NOT NULL,
    severity INTEGER NOT NULL,
    amount_minor BIGINT NOT NULL,
    transaction_count INTEGER NOT NULL,
    sentence VARCHAR(1000) NOT NULL,
    raised_at DATETIME NOT NULL,
    run_id VARCHAR(64) NOT NULL,
    case_id VARCHAR(64),
    CONSTRAINT pk_alerts PRIMARY KEY (alert_id),
    CONSTRAINT ck_alerts_severity CHECK (severity BETWEEN 0 AND 100),
    CONSTRAINT fk_alerts_account_id_accounts FOREIGN KEY(account_id) REFERENCES accounts (account_id),
    CONSTRAINT fk_alerts_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (case_id),
    CONSTRAINT fk_alerts_customer_id_customers FOREIGN KEY(customer_id) REFERENCES customers (customer_id),
    CONSTRAINT fk_alerts_run_id_detection_runs FOREIGN KEY(run_id) REFERENCES detection_runs (run_id)
);

CREATE INDEX ix_alerts_account_id_rule ON alerts (account_id, rule);

CREATE INDEX ix_alerts_case_id ON alerts (case_id);

CREATE INDEX ix_alerts_customer_id ON alerts (customer_id);

CREATE TABLE alert_transactions (
    alert_id VARCHAR(64) NOT NULL,
    transaction_id VARCHAR(64) NOT NULL,
    position INTEGER NOT NULL,
    CONSTRAINT pk_alert_transactions PRIMARY KEY (alert_id, transaction_id),
    CONSTRAINT fk_alert_transactions_alert_id_alerts FOREIGN KEY(alert_id) REFERENCES alerts (alert_id),
    CONSTRAINT fk_alert_transactions_transaction_id_transactions FOREIGN KEY(transaction_id) REFERENCES transactions (transaction_id)
);

CREATE INDEX ix_alert_transactions_transaction_id ON alert_transactions (transaction_id);

CREATE TABLE case_events (
    event_id INTEGER NOT NULL,
    case_id VARCHAR(64) NOT NULL,
    case_seq INTEGER NOT NULL,
    ts VARCHAR(27) NOT NULL,
    user VARCHAR(64) NOT NULL,
    action VARCHAR(64) NOT NULL,
    notes VARCHAR NOT NULL,
    meta VARCHAR NOT NULL,
    prev_hash VARCHAR(64) NOT NULL,
    event_hash VARCHAR(64) NOT NULL,
    nonce VARCHAR(32) NOT NULL,
    format VARCHAR(32) NOT NULL,
    body BLOB NOT NULL,
    CONSTRAINT pk_case_events PRIMARY KEY (event_id),
    CONSTRAINT uq_case_events_case_id_case_seq UNIQUE (case_id, case_seq),
    CONSTRAINT uq_case_events_case_id_prev_hash UNIQUE (case_id, prev_hash)
);

CREATE TABLE ledger_head (
    head_id INTEGER NOT NULL,
    size BIGINT NOT NULL,
    root VARCHAR(64) NOT NULL,
    frontier VARCHAR NOT NULL,
    locks BIGINT NOT NULL,
    CONSTRAINT pk_ledger_head PRIMARY KEY (head_id),
    CONSTRAINT ck_ledger_head_single_row CHECK (head_id = 1)
);

CREATE TABLE counters (
    name VARCHAR(64) NOT NULL,
    value BIGINT NOT NULL,
    CONSTRAINT pk_counters PRIMARY KEY (name)
);

INSERT INTO ledger_head (head_id, size, root, frontier, locks) VALUES (1, 0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '', 0);

CREATE TABLE qa_draws (
    draw_id VARCHAR(64) NOT NULL,
    period_from DATE NOT NULL,
    period_to DATE NOT NULL,
    drawn_at DATETIME NOT NULL,
    drawn_by VARCHAR(64) NOT NULL,
    population_size INTEGER NOT NULL,
    population_sha256 VARCHAR(64) NOT NULL,
    seed VARCHAR(64) NOT NULL,
    record VARCHAR NOT NULL,
    CONSTRAINT pk_qa_draws PRIMARY KEY (draw_id)
);

CREATE TABLE qa_picks (
    draw_id VARCHAR(64) NOT NULL,
    case_id VARCHAR(64) NOT NULL,
    stratum VARCHAR(160) NOT NULL,
    rank VARCHAR(64) NOT NULL,
    place INTEGER NOT NULL,
    outcome VARCHAR(8) NOT NULL,
    reviewer VARCHAR(64),
    reviewed_at DATETIME,
    CONSTRAINT pk_qa_picks PRIMARY KEY (draw_id, case_id),
    CONSTRAINT ck_qa_picks_outcome CHECK (outcome IN ('', 'Pass', 'Fail')),
    CONSTRAINT fk_qa_picks_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (case_id),
    CONSTRAINT fk_qa_picks_draw_id_qa_draws FOREIGN KEY(draw_id) REFERENCES qa_draws (draw_id),
    CONSTRAINT fk_qa_picks_reviewer_users FOREIGN KEY(reviewer) REFERENCES users (user_id)
);

CREATE INDEX ix_qa_picks_case_id ON qa_picks (case_id);

CREATE TRIGGER case_events_no_update BEFORE UPDATE ON case_events
BEGIN
  SELECT RAISE(ABORT, 'case_events is append-only: events are never changed or deleted');
END;

CREATE TRIGGER case_events_no_delete BEFORE DELETE ON case_events
BEGIN
  SELECT RAISE(ABORT, 'case_events is append-only: events are never changed or deleted');
END;

CREATE TRIGGER case_events_no_replace BEFORE INSERT ON case_events
WHEN EXISTS (SELECT 1 FROM case_events WHERE event_id = NEW.event_id)
  OR EXISTS (SELECT 1 FROM case_events WHERE case_id = NEW.case_id AND case_seq = NEW.case_seq)
  OR EXISTS (SELECT 1 FROM case_events WHERE case_id = NEW.case_id AND prev_hash = NEW.prev_hash)
BEGIN
  SELECT RAISE(ABORT, 'case_events is append-only: events are never changed or deleted');
END;

INSERT INTO alembic_version (version_num) VALUES ('0001_the_desk_opens') RETURNING version_num;

-- Running upgrade 0001_the_desk_opens -> 0002_runs_can_be_replayed

ALTER TABLE transactions ADD COLUMN arrival BIGINT DEFAULT 0 NOT NULL;

CREATE INDEX ix_transactions_arrival ON transactions (arrival);

ALTER TABLE accounts ADD COLUMN arrival BIGINT DEFAULT 0 NOT NULL;

ALTER TABLE accounts ADD COLUMN changed BIGINT DEFAULT 0 NOT NULL;

CREATE INDEX ix_accounts_changed ON accounts (changed);

ALTER TABLE detection_runs ADD COLUMN ordinal BIGINT DEFAULT 0 NOT NULL;

CREATE INDEX ix_detection_runs_ordinal ON detection_runs (ordinal);

ALTER TABLE detection_runs ADD COLUMN alerts_sha256 VARCHAR(64) DEFAULT '' NOT NULL;

ALTER TABLE detection_runs ADD COLUMN record VARCHAR DEFAULT '' NOT NULL;

CREATE TABLE detection_findings (
    alert_id VARCHAR(64) NOT NULL,
    digest VARCHAR(64) NOT NULL,
    found_in BIGINT NOT NULL,
    gone_in BIGINT,
    rule VARCHAR(64) NOT NULL,
    account_id VARCHAR(64) NOT NULL,
    CONSTRAINT pk_detection_findings PRIMARY KEY (alert_id, digest, found_in)
);

CREATE INDEX ix_detection_findings_gone_in ON detection_findings (gone_in);

UPDATE alembic_version SET version_num='0002_runs_can_be_replayed' WHERE alembic_version.version_num = '0001_the_desk_opens';

-- Running upgrade 0002_runs_can_be_replayed -> 0003_rule_sets

CREATE TABLE rule_sets (
    rule_set_id VARCHAR(64) NOT NULL,
    state VARCHAR(16) NOT NULL,
    base_id VARCHAR(64) NOT NULL,
    content VARCHAR NOT NULL,
    hash_before VARCHAR(64) NOT NULL,
    hash_after VARCHAR(64) NOT NULL,
    reason VARCHAR NOT NULL,
    proposed_by VARCHAR(64) NOT NULL,
    proposed_at DATETIME NOT NULL,
    decided_by VARCHAR(64),
    decided_at DATETIME,
    decision VARCHAR NOT NULL,
    sheet VARCHAR NOT NULL,
    sheet_sha256 VARCHAR(64) NOT NULL,
    CONSTRAINT pk_rule_sets PRIMARY KEY (rule_set_id),
    CONSTRAINT ck_rule_sets_state CHECK (state IN ('proposed', 'in force', 'superseded', 'rejected', 'withdrawn')),
    CONSTRAINT ck_rule_sets_duties CHECK (decided_by IS NULL OR decided_by <> proposed_by OR state = 'withdrawn'),
    CONSTRAINT fk_rule_sets_proposed_by_users FOREIGN KEY(proposed_by) REFERENCES users (user_id),
    CONSTRAINT fk_rule_sets_decided_by_users FOREIGN KEY(decided_by) REFERENCES users (user_id)
);

CREATE UNIQUE INDEX ix_rule_sets_state ON rule_sets (state) WHERE state IN ('proposed', 'in force');

UPDATE alembic_version SET version_num='0003_rule_sets' WHERE alembic_version.version_num = '0002_runs_can_be_replayed';

-- Running upgrade 0003_rule_sets -> 0004_suppressions

CREATE TABLE suppressions (
    suppression_id VARCHAR(64) NOT NULL,
    rule VARCHAR(64) NOT NULL,
    customer_id VARCHAR(80) NOT NULL,
    account_id VARCHAR(64),
    reason VARCHAR NOT NULL,
    covers_from DATE NOT NULL,
    covers_until DATE NOT NULL,
    state VARCHAR(16) NOT NULL,
    severity_cap INTEGER NOT NULL,
    state_event BIGINT NOT NULL,
    proposed_by VARCHAR(64) NOT NULL,
    proposed_at DATETIME NOT NULL,
    decided_by VARCHAR(64),
    decided_at DATETIME,
    decision_note VARCHAR NOT NULL,
    ended_by VARCHAR(64),
    ended_at DATETIME,
    end_reason VARCHAR NOT NULL,
    CONSTRAINT pk_suppressions PRIMARY KEY (suppression_id),
    CONSTRAINT ck_suppressions_state CHECK (state IN ('proposed', 'in force', 'rejected', 'ended')),
    CONSTRAINT ck_suppressions_days CHECK (covers_from < covers_until),
    CONSTRAINT ck_suppressions_two_people CHECK (decided_by <> proposed_by),
    CONSTRAINT fk_suppressions_customer_id_customers FOREIGN KEY(customer_id) REFERENCES customers (customer_id),
    CONSTRAINT fk_suppressions_account_id_accounts FOREIGN KEY(account_id) REFERENCES accounts (account_id),
    CONSTRAINT fk_suppressions_proposed_by_users FOREIGN KEY(proposed_by) REFERENCES users (user_id),
    CONSTRAINT fk_suppressions_decided_by_users FOREIGN KEY(decided_by) REFERENCES users (user_id),
    CONSTRAINT fk_suppressions_ended_by_users FOREIGN KEY(ended_by) REFERENCES users (user_id)
);

CREATE INDEX ix_suppressions_customer_id ON suppressions (customer_id);

CREATE TABLE suppressed_alerts (
    suppression_id VARCHAR(64) NOT NULL,
    alert_id VARCHAR(64) NOT NULL,
    rule VARCHAR(64) NOT NULL,
    customer_id VARCHAR(80) NOT NULL,
    account_id VARCHAR(64) NOT NULL,
    window_start DATETIME NOT NULL,
    window_end DATETIME NOT NULL,
    severity INTEGER NOT NULL,
    amount_minor BIGINT NOT NULL,
    transaction_count INTEGER NOT NULL,
    transaction_ids VARCHAR NOT NULL,
    sentence VARCHAR(1000) NOT NULL,
    run_id VARCHAR(64) NOT NULL,
    hidden_at DATETIME NOT NULL,
    released_in VARCHAR(64),
    CONSTRAINT pk_suppressed_alerts PRIMARY KEY (suppression_id, alert_id),
    CONSTRAINT fk_suppressed_alerts_suppression_id_suppressions FOREIGN KEY(suppression_id) REFERENCES suppressions (suppression_id),
    CONSTRAINT fk_suppressed_alerts_customer_id_customers FOREIGN KEY(customer_id) REFERENCES customers (customer_id),
    CONSTRAINT fk_suppressed_alerts_account_id_accounts FOREIGN KEY(account_id) REFERENCES accounts (account_id),
    CONSTRAINT fk_suppressed_alerts_run_id_detection_runs FOREIGN KEY(run_id) REFERENCES detection_runs (run_id),
    CONSTRAINT fk_suppressed_alerts_released_in_detection_runs FOREIGN KEY(released_in) REFERENCES detection_runs (run_id)
);

CREATE INDEX ix_suppressed_alerts_customer_id ON suppressed_alerts (customer_id);

UPDATE alembic_version SET version_num='0004_suppressions' WHERE alembic_version.version_num = '0003_rule_sets';

-- Running upgrade 0004_suppressions -> 0005_line_samples

CREATE TABLE line_tests (
    test_id VARCHAR(64) NOT NULL,
    rule VARCHAR(64) NOT NULL,
    drawn_at DATETIME NOT NULL,
    drawn_by VARCHAR(64) NOT NULL,
    population_size INTEGER NOT NULL,
    data_fingerprint VARCHAR(128) NOT NULL,
    seed VARCHAR(64) NOT NULL,
    record VARCHAR NOT NULL,
    CONSTRAINT pk_line_tests PRIMARY KEY (test_id)
);

CREATE TABLE line_test_picks (
    test_id VARCHAR(64) NOT NULL,
    band INTEGER NOT NULL,
    place INTEGER NOT NULL,
    episode VARCHAR(64) NOT NULL,
    alert_id VARCHAR(64) NOT NULL,
    placement VARCHAR(8) NOT NULL,
    rank VARCHAR(64) NOT NULL,
    CONSTRAINT pk_line_test_picks PRIMARY KEY (test_id, band, place),
    CONSTRAINT ck_line_test_picks_placement CHECK (placement IN ('opened', 'joined', 'known')),
    CONSTRAINT fk_line_test_picks_test_id_line_tests FOREIGN KEY(test_id) REFERENCES line_tests (test_id),
    CONSTRAINT fk_line_test_picks_alert_id_alerts FOREIGN KEY(alert_id) REFERENCES alerts (alert_id)
);

CREATE INDEX ix_line_test_picks_alert_id ON line_test_picks (alert_id);

UPDATE alembic_version SET version_num='0005_line_samples' WHERE alembic_version.version_num = '0004_suppressions';

-- Running upgrade 0005_line_samples -> 0006_policy_and_holds

CREATE INDEX ix_case_events_governing ON case_events (action, event_id) WHERE action IN ('cases_purged', 'hold_lifted', 'hold_placed', 'policy_put_in_force');

UPDATE alembic_version SET version_num='0006_policy_and_holds' WHERE alembic_version.version_num = '0005_line_samples';

-- Running upgrade 0006_policy_and_holds -> 0007_spans_of_findings

ALTER TABLE detection_findings ADD COLUMN first_at DATETIME;

ALTER TABLE detection_findings ADD COLUMN last_at DATETIME;

UPDATE alembic_version SET version_num='0007_spans_of_findings' WHERE alembic_version.version_num = '0006_policy_and_holds';

-- Running upgrade 0007_spans_of_findings -> 0008_filings

CREATE TABLE batches (
    batch_id VARCHAR(64) NOT NULL,
    produced_by VARCHAR(64) NOT NULL,
    produced_at DATETIME NOT NULL,
    reports INTEGER NOT NULL,
    test BOOLEAN NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    content VARCHAR NOT NULL,
    tracking_id VARCHAR(64) NOT NULL,
    transmitted_by VARCHAR(64),
    transmitted_at DATETIME,
    answer VARCHAR NOT NULL,
    answer_sha256 VARCHAR(64) NOT NULL,
    answered_by VARCHAR(64),
    answered_at DATETIME,
    CONSTRAINT pk_batches PRIMARY KEY (batch_id),
    CONSTRAINT ck_batches_reports CHECK (reports > 0),
    CONSTRAINT ck_batches_transmitted_first CHECK (answered_at IS NULL OR transmitted_at IS NOT NULL),
    CONSTRAINT fk_batches_produced_by_users FOREIGN KEY(produced_by) REFERENCES users (user_id),
    CONSTRAINT fk_batches_transmitted_by_users FOREIGN KEY(transmitted_by) REFERENCES users (user_id),
    CONSTRAINT fk_batches_answered_by_users FOREIGN KEY(answered_by) REFERENCES users (user_id)
);

CREATE UNIQUE INDEX ix_batches_tracking_id ON batches (tracking_id) WHERE tracking_id <> '';

CREATE TABLE filings (
    filing_id VARCHAR(64) NOT NULL,
    case_id VARCHAR(64) NOT NULL,
    state VARCHAR(16) NOT NULL,
    state_event BIGINT NOT NULL,
    kind VARCHAR(64) NOT NULL,
    digest VARCHAR(64) NOT NULL,
    content VARCHAR NOT NULL,
    drafted_by VARCHAR(64) NOT NULL,
    drafted_at DATETIME NOT NULL,
    decision BIGINT NOT NULL,
    approved_by VARCHAR(64),
    approved_at DATETIME,
    batch_id VARCHAR(64),
    place INTEGER NOT NULL,
    tracking_id VARCHAR(64) NOT NULL,
    bsa_id VARCHAR(14) NOT NULL,
    remarks VARCHAR NOT NULL,
    CONSTRAINT pk_filings PRIMARY KEY (filing_id),
    CONSTRAINT ck_filings_state CHECK (state IN ('draft', 'approved', 'produced', 'transmitted', 'acknowledged', 'rejected')),
    CONSTRAINT ck_filings_place CHECK ((batch_id IS NULL AND place = 0) OR place > 0),
    CONSTRAINT fk_filings_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (case_id),
    CONSTRAINT fk_filings_drafted_by_users FOREIGN KEY(drafted_by) REFERENCES users (user_id),
    CONSTRAINT fk_filings_approved_by_users FOREIGN KEY(approved_by) REFERENCES users (user_id),
    CONSTRAINT fk_filings_batch_id_batches FOREIGN KEY(batch_id) REFERENCES batches (batch_id)
);

CREATE INDEX ix_filings_case_id ON filings (case_id);

CREATE INDEX ix_filings_state ON filings (state);

CREATE INDEX ix_filings_batch_id_place ON filings (batch_id, place);

CREATE UNIQUE INDEX ix_filings_bsa_id ON filings (bsa_id) WHERE bsa_id <> '';

UPDATE alembic_version SET version_num='0008_filings' WHERE alembic_version.version_num = '0007_spans_of_findings';

-- Running upgrade 0008_filings -> 0009_removable_texts

ALTER TABLE case_events ADD COLUMN salt VARCHAR(64) DEFAULT '' NOT NULL;

DROP TRIGGER IF EXISTS case_events_no_update;

CREATE TRIGGER case_events_no_update BEFORE UPDATE ON case_events
WHEN NOT (OLD.format IS 'casedesk.event/2' AND OLD.salt IS NOT '' AND NEW.notes IS '' AND NEW.salt IS '' AND NEW."event_id" IS OLD."event_id" AND NEW."case_id" IS OLD."case_id" AND NEW."case_seq" IS OLD."case_seq" AND NEW."ts" IS OLD."ts" AND NEW."user" IS OLD."user" AND NEW."action" IS OLD."action" AND NEW."meta" IS OLD."meta" AND NEW."prev_hash" IS OLD."prev_hash" AND NEW."event_hash" IS OLD."event_hash" AND NEW."nonce" IS OLD."nonce" AND NEW."format" IS OLD."format" AND NEW."body" IS OLD."body")
BEGIN
  SELECT RAISE(ABORT, 'case_events is append-only: events are never changed or deleted');
END;

UPDATE alembic_version SET version_num='0009_removable_texts' WHERE alembic_version.version_num = '0008_filings';

-- Running upgrade 0009_removable_texts -> 0010_unassigned_by_index

DROP INDEX ix_cases_queue_owner;

CREATE INDEX ix_cases_queue_owner ON cases (owner, is_open, due_at, risk_rank, case_id, disposition);

UPDATE alembic_version SET version_num='0010_unassigned_by_index' WHERE alembic_version.version_num = '0009_removable_texts';

-- Running upgrade 0010_unassigned_by_index -> 0011_clocks

CREATE TABLE clocks (
    case_id VARCHAR(64) NOT NULL,
    kind VARCHAR(24) NOT NULL,
    source_event BIGINT NOT NULL,
    source VARCHAR(200) NOT NULL,
    started_on DATE NOT NULL,
    due_at DATETIME NOT NULL,
    rule VARCHAR(64) NOT NULL,
    rule_version INTEGER NOT NULL,
    stands BOOLEAN NOT NULL,
    CONSTRAINT pk_clocks PRIMARY KEY (case_id, kind, source_event),
    CONSTRAINT ck_clocks_kind CHECK (kind IN ('continuing review', 'continuing report', 'currency report', 'retention')),
    CONSTRAINT fk_clocks_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (case_id)
);

CREATE INDEX ix_clocks_due ON clocks (kind, stands, due_at, case_id);

UPDATE alembic_version SET version_num='0011_clocks' WHERE alembic_version.version_num = '0010_unassigned_by_index';

-- Running upgrade 0011_clocks -> 0012_withdrawn_batches

CREATE TABLE withdrawn_batches (
    batch_id VARCHAR(64) NOT NULL,
    withdrawn_by VARCHAR(64) NOT NULL,
    withdrawn_at DATETIME NOT NULL,
    event BIGINT NOT NULL,
    CONSTRAINT pk_withdrawn_batches PRIMARY KEY (batch_id),
    CONSTRAINT fk_withdrawn_batches_batch_id_batches FOREIGN KEY(batch_id) REFERENCES batches (batch_id),
    CONSTRAINT fk_withdrawn_batches_withdrawn_by_users FOREIGN KEY(withdrawn_by) REFERENCES users (user_id)
);

UPDATE alembic_version SET version_num='0012_withdrawn_batches' WHERE alembic_version.version_num = '0011_clocks';

-- Running upgrade 0012_withdrawn_batches -> 0013_api_keys

CREATE TABLE api_keys (
    key_id VARCHAR(64) NOT NULL,
    label VARCHAR(100) NOT NULL,
    user_id VARCHAR(64),
    scopes VARCHAR(64) NOT NULL,
    secret_sha256 VARCHAR(64) NOT NULL,
    created_by VARCHAR(64) NOT NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    revoked_by VARCHAR(64),
    revoked_at DATETIME,
    CONSTRAINT pk_api_keys PRIMARY KEY (key_id),
    CONSTRAINT fk_api_keys_user_id_users FOREIGN KEY(user_id) REFERENCES users (user_id),
    CONSTRAINT ck_api_keys_ck_api_keys_life CHECK (created_at < expires_at)
);

UPDATE alembic_version SET version_num='0013_api_keys' WHERE alembic_version.version_num = '0012_withdrawn_batches';

-- Running upgrade 0013_api_keys -> 0014_copies_for_runs

CREATE TABLE run_copies (
    what VARCHAR(16) NOT NULL,
    place INTEGER NOT NULL,
    upto BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    content BLOB NOT NULL,
    CONSTRAINT pk_run_copies PRIMARY KEY (what, place)
);

UPDATE alembic_version SET version_num='0014_copies_for_runs' WHERE alembic_version.version_num = '0013_api_keys';

-- Running upgrade 0014_copies_for_runs -> 0015_announced_alerts

CREATE TABLE announcements (
    place VARCHAR(260) NOT NULL,
    alert_id VARCHAR(64) NOT NULL,
    moved_at DATETIME NOT NULL,
    CONSTRAINT pk_announcements PRIMARY KEY (place)
);

UPDATE alembic_version SET version_num='0015_announced_alerts' WHERE alembic_version.version_num = '0014_copies_for_runs';

-- Running upgrade 0015_announced_alerts -> 0016_figures_of_operation

CREATE TABLE receipts (
    arrival BIGINT NOT NULL,
    import_id VARCHAR(64) NOT NULL,
    received_at DATETIME NOT NULL,
    CONSTRAINT pk_receipts PRIMARY KEY (arrival),
    CONSTRAINT fk_receipts_import_id_imports FOREIGN KEY(import_id) REFERENCES imports (import_id)
);

CREATE TABLE api_key_uses (
    key_id VARCHAR(64) NOT NULL,
    used_at DATETIME NOT NULL,
    CONSTRAINT pk_api_key_uses PRIMARY KEY (key_id),
    CONSTRAINT fk_api_key_uses_key_id_api_keys FOREIGN KEY(key_id) REFERENCES api_keys (key_id)
);

ALTER TABLE detection_runs ADD COLUMN finished_at DATETIME;

CREATE INDEX ix_alerts_raised_at ON alerts (raised_at);

CREATE INDEX ix_imports_started_at ON imports (started_at);

UPDATE alembic_version SET version_num='0016_figures_of_operation' WHERE alembic_version.version_num = '0015_announced_alerts';

-- Running upgrade 0016_figures_of_operation -> 0017_lists_and_scores

CREATE TABLE party_lists (
    list_id VARCHAR(64) NOT NULL,
    source VARCHAR(80) NOT NULL,
    version VARCHAR(80) NOT NULL,
    listed_on DATE NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    entries INTEGER NOT NULL,
    entries_sha256 VARCHAR(64) NOT NULL,
    loaded_by VARCHAR(64) NOT NULL,
    loaded_at DATETIME NOT NULL,
    in_force BOOLEAN NOT NULL,
    CONSTRAINT pk_party_lists PRIMARY KEY (list_id)
);

CREATE TABLE party_list_entries (
    list_id VARCHAR(64) NOT NULL,
    number INTEGER NOT NULL,
    kind VARCHAR(16) NOT NULL,
    party VARCHAR(400) NOT NULL,
    reason VARCHAR(400) NOT NULL,
    ref VARCHAR(80) NOT NULL,
    about VARCHAR(40) NOT NULL,
    CONSTRAINT pk_party_list_entries PRIMARY KEY (list_id, number),
    CONSTRAINT ck_party_list_entries_kind CHECK (kind IN ('account', 'customer', 'wallet', 'name')),
    CONSTRAINT fk_party_list_entries_list_id_party_lists FOREIGN KEY(list_id) REFERENCES party_lists (list_id)
);

CREATE TABLE name_matches (
    match_id VARCHAR(64) NOT NULL,
    customer_id VARCHAR(80) NOT NULL,
    customer_name VARCHAR(200) NOT NULL,
    source VARCHAR(80) NOT NULL,
    ref VARCHAR(80) NOT NULL,
    listed_name VARCHAR(400) NOT NULL,
    reason VARCHAR(400) NOT NULL,
    likeness INTEGER NOT NULL,
    list_id VARCHAR(64) NOT NULL,
    found_at DATETIME NOT NULL,
    state VARCHAR(16) NOT NULL,
    decided_by VARCHAR(64),
    decided_at DATETIME,
    state_event BIGINT NOT NULL,
    decision VARCHAR NOT NULL,
    CONSTRAINT pk_name_matches PRIMARY KEY (match_id),
    CONSTRAINT ck_name_matches_state CHECK (state IN ('waiting', 'confirmed', 'refused')),
    CONSTRAINT ck_name_matches_decided_by_a_person CHECK (state = 'waiting' OR decided_by IS NOT NULL),
    CONSTRAINT fk_name_matches_customer_id_customers FOREIGN KEY(customer_id) REFERENCES customers (customer_id),
    CONSTRAINT fk_name_matches_list_id_party_lists FOREIGN KEY(list_id) REFERENCES party_lists (list_id),
    CONSTRAINT fk_name_matches_decided_by_users FOREIGN KEY(decided_by) REFERENCES users (user_id)
);

CREATE INDEX ix_name_matches_state ON name_matches (state, likeness, match_id);

CREATE TABLE scoring_runs (
    run_id VARCHAR(64) NOT NULL,
    ran_at DATETIME NOT NULL,
    ran_by VARCHAR(64) NOT NULL,
    as_of DATETIME NOT NULL,
    parameters VARCHAR NOT NULL,
    data_fingerprint VARCHAR(128) NOT NULL,
    list_sha256 VARCHAR(64) NOT NULL,
    payments BIGINT NOT NULL,
    accounts BIGINT NOT NULL,
    listed BIGINT NOT NULL,
    scored BIGINT NOT NULL,
    scores_sha256 VARCHAR(64) NOT NULL,
    record VARCHAR NOT NULL,
    CONSTRAINT pk_scoring_runs PRIMARY KEY (run_id)
);

CREATE TABLE risk_scores (
    run_id VARCHAR(64) NOT NULL,
    account_id VARCHAR(64) NOT NULL,
    score BIGINT NOT NULL,
    listed BOOLEAN NOT NULL,
    components VARCHAR(400) NOT NULL,
    CONSTRAINT pk_risk_scores PRIMARY KEY (run_id, account_id),
    CONSTRAINT fk_risk_scores_run_id_scoring_runs FOREIGN KEY(run_id) REFERENCES scoring_runs (run_id)
);

CREATE INDEX ix_risk_scores_run_id_score ON risk_scores (run_id, listed, score, account_id);

UPDATE alembic_version SET version_num='0017_lists_and_scores' WHERE alembic_version.version_num = '0016_figures_of_operation';

-- Running upgrade 0017_lists_and_scores -> 0018_advice

CREATE TABLE advice (
    event_id BIGINT NOT NULL,
    case_id VARCHAR(64) NOT NULL,
    case_version INTEGER NOT NULL,
    advised_at DATETIME NOT NULL,
    verdict VARCHAR(16) NOT NULL,
    priority SMALLINT NOT NULL,
    report BOOLEAN NOT NULL,
    score INTEGER NOT NULL,
    level SMALLINT NOT NULL,
    facts_sha256 VARCHAR(64) NOT NULL,
    CONSTRAINT pk_advice PRIMARY KEY (event_id),
    CONSTRAINT ck_advice_verdict CHECK (verdict IN ('ESCALATE', 'REVIEW', 'DISMISS')),
    CONSTRAINT fk_advice_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (case_id)
);

CREATE INDEX ix_advice_case_id_event_id ON advice (case_id, event_id);

CREATE TABLE cascade_steps (
    event_id BIGINT NOT NULL,
    level SMALLINT NOT NULL,
    version VARCHAR(160) NOT NULL,
    inputs VARCHAR NOT NULL,
    output VARCHAR NOT NULL,
    cost_micros BIGINT NOT NULL,
    CONSTRAINT pk_cascade_steps PRIMARY KEY (event_id, level),
    CONSTRAINT fk_cascade_steps_event_id_advice FOREIGN KEY(event_id) REFERENCES advice (event_id)
);

CREATE TABLE language_calls (
    call_id VARCHAR(64) NOT NULL,
    day DATE NOT NULL,
    model VARCHAR(160) NOT NULL,
    prompt_sha256 VARCHAR(64) NOT NULL,
    state VARCHAR(16) NOT NULL,
    cost_micros BIGINT NOT NULL,
    reserved_at DATETIME NOT NULL,
    settled_at DATETIME,
    CONSTRAINT pk_language_calls PRIMARY KEY (call_id),
    CONSTRAINT ck_language_calls_state CHECK (state IN ('reserved', 'answered', 'discarded', 'failed'))
);

CREATE INDEX ix_language_calls_day ON language_calls (day, cost_micros);

UPDATE alembic_version SET version_num='0018_advice' WHERE alembic_version.version_num = '0017_lists_and_scores';

-- Running upgrade 0018_advice -> 0019_cases_by_value

ALTER TABLE cases ADD COLUMN value_rank INTEGER DEFAULT 0 NOT NULL;

CREATE INDEX ix_cases_queue_value ON cases (is_open, value_rank, due_at, case_id);

UPDATE alembic_version SET version_num='0019_cases_by_value' WHERE alembic_version.version_num = '0018_advice';

-- Running upgrade 0019_cases_by_value -> 0020_findings_by_subject

CREATE INDEX ix_detection_findings_account_id ON detection_findings (account_id);

CREATE INDEX ix_detection_findings_rule ON detection_findings (rule);

CREATE INDEX ix_alerts_rule ON alerts (rule);

UPDATE alembic_version SET version_num='0020_findings_by_subject' WHERE alembic_version.version_num = '0019_cases_by_value';

-- Running upgrade 0020_findings_by_subject -> 0021_webhooks

CREATE TABLE webhooks (
    hook_id VARCHAR(64) NOT NULL,
    label VARCHAR(100) NOT NULL,
    url VARCHAR(500) NOT NULL,
    rules VARCHAR(2000) NOT NULL,
    severity INTEGER NOT NULL,
    secret_sha256 VARCHAR(64) NOT NULL,
    created_by VARCHAR(64) NOT NULL,
    created_at DATETIME NOT NULL,
    disabled_by VARCHAR(64),
    disabled_at DATETIME,
    upto VARCHAR(64) NOT NULL,
    CONSTRAINT pk_webhooks PRIMARY KEY (hook_id),
    CONSTRAINT ck_webhooks_ck_webhooks_severity CHECK (severity BETWEEN 0 AND 100)
);

CREATE TABLE webhook_deliveries (
    delivery_id VARCHAR(64) NOT NULL,
    hook_id VARCHAR(64) NOT NULL,
    alert_id VARCHAR(64) NOT NULL,
    created_at DATETIME NOT NULL,
    state VARCHAR(16) NOT NULL,
    tries INTEGER NOT NULL,
    next_at DATETIME,
    status INTEGER,
    problem VARCHAR(200) NOT NULL,
    done_at DATETIME,
    leased_by VARCHAR(64),
    leased_until DATETIME,
    CONSTRAINT pk_webhook_deliveries PRIMARY KEY (delivery_id),
    CONSTRAINT fk_webhook_deliveries_hook_id_webhooks FOREIGN KEY(hook_id) REFERENCES webhooks (hook_id),
    CONSTRAINT fk_webhook_deliveries_alert_id_alerts FOREIGN KEY(alert_id) REFERENCES alerts (alert_id),
    CONSTRAINT uq_webhook_deliveries_hook_id_alert_id UNIQUE (hook_id, alert_id),
    CONSTRAINT ck_webhook_deliveries_ck_webhook_deliveries_state CHECK (state IN ('waiting', 'delivered', 'given up'))
);

CREATE INDEX ix_webhook_deliveries_next_at ON webhook_deliveries (next_at);

UPDATE alembic_version SET version_num='0021_webhooks' WHERE alembic_version.version_num = '0020_findings_by_subject';

-- Running upgrade 0021_webhooks -> 0022_models

CREATE TABLE model_versions (
    version_id VARCHAR(64) NOT NULL,
    state VARCHAR(16) NOT NULL,
    base_id VARCHAR(64) NOT NULL,
    name VARCHAR(100) NOT NULL,
    model_id VARCHAR(64) NOT NULL,
    card_sha256 VARCHAR(64) NOT NULL,
    reason VARCHAR NOT NULL,
    proposed_by VARCHAR(64) NOT NULL,
    proposed_at DATETIME NOT NULL,
    decided_by VARCHAR(64),
    decided_at DATETIME,
    decision VARCHAR NOT NULL,
    CONSTRAINT pk_model_versions PRIMARY KEY (version_id),
    CONSTRAINT ck_model_versions_state CHECK (state IN ('proposed', 'in force', 'superseded', 'rejected', 'withdrawn')),
    CONSTRAINT ck_model_versions_duties CHECK (decided_by IS NULL OR decided_by <> proposed_by OR state = 'withdrawn'),
    CONSTRAINT fk_model_versions_proposed_by_users FOREIGN KEY(proposed_by) REFERENCES users (user_id),
    CONSTRAINT fk_model_versions_decided_by_users FOREIGN KEY(decided_by) REFERENCES users (user_id)
);

CREATE UNIQUE INDEX ix_model_versions_state ON model_versions (state) WHERE state IN ('proposed', 'in force');

CREATE TABLE model_files (
    version_id VARCHAR(64) NOT NULL,
    name VARCHAR(64) NOT NULL,
    content BLOB NOT NULL,
    CONSTRAINT pk_model_files PRIMARY KEY (version_id, name),
    CONSTRAINT fk_model_files_version_id_model_versions FOREIGN KEY(version_id) REFERENCES model_versions (version_id)
);

CREATE TABLE model_runs (
    model_run_id VARCHAR(64) NOT NULL,
    version_id VARCHAR(64) NOT NULL,
    model_id VARCHAR(64) NOT NULL,
    ran_at DATETIME NOT NULL,
    transactions BIGINT NOT NULL,
    accounts BIGINT NOT NULL,
    drift VARCHAR NOT NULL,
    scores_sha256 VARCHAR(64) NOT NULL,
    CONSTRAINT pk_model_runs PRIMARY KEY (model_run_id)
);

CREATE TABLE model_scores (
    model_run_id VARCHAR(64) NOT NULL,
    account_id VARCHAR(64) NOT NULL,
    score BIGINT NOT NULL,
    band VARCHAR(8) NOT NULL,
    transaction_id VARCHAR(64) NOT NULL,
    parts VARCHAR NOT NULL,
    CONSTRAINT pk_model_scores PRIMARY KEY (model_run_id, account_id),
    CONSTRAINT ck_model_scores_band CHECK (band IN ('High', 'Medium', 'Low', 'Minimal')),
    CONSTRAINT ck_model_scores_score CHECK (score >= 0 AND score <= 1000000),
    CONSTRAINT fk_model_scores_model_run_id_model_runs FOREIGN KEY(model_run_id) REFERENCES model_runs (model_run_id)
);

UPDATE alembic_version SET version_num='0022_models' WHERE alembic_version.version_num = '0021_webhooks';

-- Running upgrade 0022_models -> 0023_alerts_lapse

ALTER TABLE alerts ADD COLUMN lapsed_in VARCHAR(64);

UPDATE alembic_version SET version_num='0023_alerts_lapse' WHERE alembic_version.version_num = '0022_models';

-- Running upgrade 0023_alerts_lapse -> 0024_findings_as_held

CREATE INDEX ix_detection_findings_alert_id ON detection_findings (alert_id, gone_in, first_at, last_at);

UPDATE alembic_version SET version_num='0024_findings_as_held' WHERE alembic_version.version_num = '0023_alerts_lapse';
