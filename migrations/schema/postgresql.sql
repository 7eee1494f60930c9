BEGIN;

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

-- Running upgrade  -> 0001_the_desk_opens

CREATE TABLE users (
    user_id VARCHAR(64) COLLATE "C" NOT NULL,
    name VARCHAR(200) NOT NULL,
    role VARCHAR(16) COLLATE "C" NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    email VARCHAR(320) COLLATE "C",
    CONSTRAINT pk_users PRIMARY KEY (user_id),
    CONSTRAINT ck_users_role CHECK (role IN ('Analyst', 'QA', 'Manager', 'Auditor'))
);

CREATE UNIQUE INDEX ix_users_email ON users (email) WHERE email IS NOT NULL;

CREATE TABLE customers (
    customer_id VARCHAR(80) COLLATE "C" NOT NULL,
    name VARCHAR(200) NOT NULL,
    kind VARCHAR(16) COLLATE "C" NOT NULL,
    country VARCHAR(2) COLLATE "C" NOT NULL,
    segment VARCHAR(64) NOT NULL,
    occupation VARCHAR(120) NOT NULL,
    since DATE,
    CONSTRAINT pk_customers PRIMARY KEY (customer_id),
    CONSTRAINT ck_customers_kind CHECK (kind IN ('Person', 'Business', 'Unknown'))
);

CREATE INDEX ix_customers_name ON customers (name);

CREATE TABLE accounts (
    account_id VARCHAR(64) COLLATE "C" NOT NULL,
    customer_id VARCHAR(80) COLLATE "C",
    holder VARCHAR(200) NOT NULL,
    bank VARCHAR(64) NOT NULL,
    currency VARCHAR(3) COLLATE "C" NOT NULL,
    country VARCHAR(2) COLLATE "C" NOT NULL,
    opened_on DATE,
    CONSTRAINT pk_accounts PRIMARY KEY (account_id),
    CONSTRAINT fk_accounts_customer_id_customers FOREIGN KEY(customer_id) REFERENCES customers (customer_id)
);

CREATE INDEX ix_accounts_customer_id ON accounts (customer_id);

CREATE TABLE imports (
    import_id VARCHAR(64) COLLATE "C" NOT NULL,
    kind VARCHAR(16) COLLATE "C" NOT NULL,
    file_name VARCHAR(260) NOT NULL,
    sha256 VARCHAR(64) COLLATE "C" NOT NULL,
    reading VARCHAR(64) COLLATE "C" NOT NULL,
    started_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    finished_at TIMESTAMP(6) WITHOUT TIME ZONE,
    chunks INTEGER NOT NULL,
    rows_read BIGINT NOT NULL,
    rows_stored BIGINT NOT NULL,
    rows_duplicate BIGINT NOT NULL,
    rows_rejected BIGINT NOT NULL,
    CONSTRAINT pk_imports PRIMARY KEY (import_id)
);

CREATE INDEX ix_imports_sha256 ON imports (sha256);

CREATE TABLE import_rejects (
    import_id VARCHAR(64) COLLATE "C" NOT NULL,
    row_number BIGINT NOT NULL,
    field VARCHAR(64) NOT NULL,
    value VARCHAR(100) NOT NULL,
    reason VARCHAR(400) NOT NULL,
    CONSTRAINT pk_import_rejects PRIMARY KEY (import_id, row_number),
    CONSTRAINT fk_import_rejects_import_id_imports FOREIGN KEY(import_id) REFERENCES imports (import_id)
);

CREATE TABLE transactions (
    transaction_id VARCHAR(64) COLLATE "C" NOT NULL,
    booked_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    from_account VARCHAR(64) COLLATE "C" NOT NULL,
    to_account VARCHAR(64) COLLATE "C" NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency VARCHAR(3) COLLATE "C" NOT NULL,
    received_minor BIGINT NOT NULL,
    received_currency VARCHAR(3) COLLATE "C" NOT NULL,
    base_minor BIGINT NOT NULL,
    channel VARCHAR(8) COLLATE "C" NOT NULL,
    from_country VARCHAR(2) COLLATE "C" NOT NULL,
    to_country VARCHAR(2) COLLATE "C" NOT NULL,
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
    currency VARCHAR(3) COLLATE "C" NOT NULL,
    valid_from DATE NOT NULL,
    usd_per_unit VARCHAR(40) COLLATE "C" NOT NULL,
    source VARCHAR(200) NOT NULL,
    CONSTRAINT pk_exchange_rates PRIMARY KEY (currency, valid_from)
);

CREATE TABLE cases (
    case_id VARCHAR(64) COLLATE "C" NOT NULL,
    customer_id VARCHAR(80) COLLATE "C" NOT NULL,
    status VARCHAR(16) COLLATE "C" NOT NULL,
    owner VARCHAR(64) COLLATE "C",
    disposition VARCHAR(16) COLLATE "C" NOT NULL,
    version INTEGER NOT NULL,
    opened_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    alerted_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    suspicion_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    suspicion_event BIGINT NOT NULL,
    suspicion_moved BOOLEAN NOT NULL,
    suspect_identified BOOLEAN NOT NULL,
    decision_text VARCHAR NOT NULL,
    decided_by VARCHAR(64) COLLATE "C",
    decided_at TIMESTAMP(6) WITHOUT TIME ZONE,
    approved_by VARCHAR(64) COLLATE "C",
    approved_at TIMESTAMP(6) WITHOUT TIME ZONE,
    closed_at TIMESTAMP(6) WITHOUT TIME ZONE,
    qa_status VARCHAR(8) COLLATE "C" NOT NULL,
    qa_reviewer VARCHAR(64) COLLATE "C",
    qa_reviewed_at TIMESTAMP(6) WITHOUT TIME ZONE,
    qa_severity VARCHAR(16) COLLATE "C" NOT NULL,
    qa_notes VARCHAR NOT NULL,
    due_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    is_open BOOLEAN NOT NULL,
    severity INTEGER NOT NULL,
    risk_rank SMALLINT NOT NULL,
    typology VARCHAR(64) COLLATE "C" NOT NULL,
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
    run_id VARCHAR(64) COLLATE "C" NOT NULL,
    ran_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    until TIMESTAMP(6) WITHOUT TIME ZONE,
    rule_set_hash VARCHAR(64) COLLATE "C" NOT NULL,
    parameters VARCHAR NOT NULL,
    data_fingerprint VARCHAR(128) COLLATE "C" NOT NULL,
    engine VARCHAR(64) COLLATE "C" NOT NULL,
    transactions BIGINT NOT NULL,
    new_alerts INTEGER NOT NULL,
    grown_alerts INTEGER NOT NULL,
    CONSTRAINT pk_detection_runs PRIMARY KEY (run_id)
);

CREATE TABLE alerts (
    alert_id VARCHAR(64) COLLATE "C" NOT NULL,
    rule VARCHAR(64) COLLATE "C" NOT NULL,
    rule_version VARCHAR(16) COLLATE "C" NOT NULL,
    parameters VARCHAR NOT NULL,
    customer_id VARCHAR(80) COLLATE "C" NOT NULL,
    account_id VARCHAR(64) COLLATE "C" NOT NULL,
    window_start TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    window_end TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    severity INTEGER NOT NULL,
    amount_minor BIGINT NOT NULL,
    transaction_count INTEGER NOT NULL,
    sentence VARCHAR(1000) NOT NULL,
    raised_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    run_id VARCHAR(64) COLLATE "C" NOT NULL,
    case_id VARCHAR(64) COLLATE "C",
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
    alert_id VARCHAR(64) COLLATE "C" NOT NULL,
    transaction_id VARCHAR(64) COLLATE "C" NOT NULL,
    position INTEGER NOT NULL,
    CONSTRAINT pk_alert_transactions PRIMARY KEY (alert_id, transaction_id),
    CONSTRAINT fk_alert_transactions_alert_id_alerts FOREIGN KEY(alert_id) REFERENCES alerts (alert_id),
    CONSTRAINT fk_alert_transactions_transaction_id_transactions FOREIGN KEY(transaction_id) REFERENCES transactions (transaction_id)
);

CREATE INDEX ix_alert_transactions_transaction_id ON alert_transactions (transaction_id);

CREATE TABLE case_events (
    event_id BIGINT NOT NULL,
    case_id VARCHAR(64) COLLATE "C" NOT NULL,
    case_seq INTEGER NOT NULL,
    ts VARCHAR(27) COLLATE "C" NOT NULL,
    "user" VARCHAR(64) COLLATE "C" NOT NULL,
    action VARCHAR(64) COLLATE "C" NOT NULL,
    notes VARCHAR NOT NULL,
    meta VARCHAR NOT NULL,
    prev_hash VARCHAR(64) COLLATE "C" NOT NULL,
    event_hash VARCHAR(64) COLLATE "C" NOT NULL,
    nonce VARCHAR(32) COLLATE "C" NOT NULL,
    format VARCHAR(32) COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    CONSTRAINT pk_case_events PRIMARY KEY (event_id),
    CONSTRAINT uq_case_events_case_id_case_seq UNIQUE (case_id, case_seq),
    CONSTRAINT uq_case_events_case_id_prev_hash UNIQUE (case_id, prev_hash)
);

CREATE TABLE ledger_head (
    head_id INTEGER NOT NULL,
    size BIGINT NOT NULL,
    root VARCHAR(64) COLLATE "C" NOT NULL,
    frontier VARCHAR NOT NULL,
    locks BIGINT NOT NULL,
    CONSTRAINT pk_ledger_head PRIMARY KEY (head_id),
    CONSTRAINT ck_ledger_head_single_row CHECK (head_id = 1)
);

CREATE TABLE counters (
    name VARCHAR(64) COLLATE "C" NOT NULL,
    value BIGINT NOT NULL,
    CONSTRAINT pk_counters PRIMARY KEY (name)
);

INSERT INTO ledger_head (head_id, size, root, frontier, locks) VALUES (1, 0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '', 0);

CREATE TABLE qa_draws (
    draw_id VARCHAR(64) COLLATE "C" NOT NULL,
    period_from DATE NOT NULL,
    period_to DATE NOT NULL,
    drawn_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    drawn_by VARCHAR(64) COLLATE "C" NOT NULL,
    population_size INTEGER NOT NULL,
    population_sha256 VARCHAR(64) COLLATE "C" NOT NULL,
    seed VARCHAR(64) COLLATE "C" NOT NULL,
    record VARCHAR NOT NULL,
    CONSTRAINT pk_qa_draws PRIMARY KEY (draw_id)
);

CREATE TABLE qa_picks (
    draw_id VARCHAR(64) COLLATE "C" NOT NULL,
    case_id VARCHAR(64) COLLATE "C" NOT NULL,
    stratum VARCHAR(160) NOT NULL,
    rank VARCHAR(64) COLLATE "C" NOT NULL,
    place INTEGER NOT NULL,
    outcome VARCHAR(8) COLLATE "C" NOT NULL,
    reviewer VARCHAR(64) COLLATE "C",
    reviewed_at TIMESTAMP(6) WITHOUT TIME ZONE,
    CONSTRAINT pk_qa_picks PRIMARY KEY (draw_id, case_id),
    CONSTRAINT ck_qa_picks_outcome CHECK (outcome IN ('', 'Pass', 'Fail')),
    CONSTRAINT fk_qa_picks_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (case_id),
    CONSTRAINT fk_qa_picks_draw_id_qa_draws FOREIGN KEY(draw_id) REFERENCES qa_draws (draw_id),
    CONSTRAINT fk_qa_picks_reviewer_users FOREIGN KEY(reviewer) REFERENCES users (user_id)
);

CREATE INDEX ix_qa_picks_case_id ON qa_picks (case_id);

CREATE FUNCTION case_events_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'case_events is append-only: events are never changed or deleted' USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER case_events_no_change BEFORE UPDATE OR DELETE ON case_events
FOR EACH ROW EXECUTE FUNCTION case_events_refuse();

CREATE TRIGGER case_events_no_truncate BEFORE TRUNCATE ON case_events
FOR EACH STATEMENT EXECUTE FUNCTION case_events_refuse();

ALTER TABLE case_events ENABLE ALWAYS TRIGGER case_events_no_change;

ALTER TABLE case_events ENABLE ALWAYS TRIGGER case_events_no_truncate;

INSERT INTO alembic_version (version_num) VALUES ('0001_the_desk_opens') RETURNING alembic_version.version_num;

-- Running upgrade 0001_the_desk_opens -> 0002_runs_can_be_replayed

ALTER TABLE transactions ADD COLUMN arrival BIGINT DEFAULT 0 NOT NULL;

CREATE INDEX ix_transactions_arrival ON transactions (arrival);

ALTER TABLE accounts ADD COLUMN arrival BIGINT DEFAULT 0 NOT NULL;

ALTER TABLE accounts ADD COLUMN changed BIGINT DEFAULT 0 NOT NULL;

CREATE INDEX ix_accounts_changed ON accounts (changed);

ALTER TABLE detection_runs ADD COLUMN ordinal BIGINT DEFAULT 0 NOT NULL;

CREATE INDEX ix_detection_runs_ordinal ON detection_runs (ordinal);

ALTER TABLE detection_runs ADD COLUMN alerts_sha256 VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL;

ALTER TABLE detection_runs ADD COLUMN record VARCHAR DEFAULT '' NOT NULL;

CREATE TABLE detection_findings (
    alert_id VARCHAR(64) COLLATE "C" NOT NULL,
    digest VARCHAR(64) COLLATE "C" NOT NULL,
    found_in BIGINT NOT NULL,
    gone_in BIGINT,
    rule VARCHAR(64) COLLATE "C" NOT NULL,
    account_id VARCHAR(64) COLLATE "C" NOT NULL,
    CONSTRAINT pk_detection_findings PRIMARY KEY (alert_id, digest, found_in)
);

CREATE INDEX ix_detection_findings_gone_in ON detection_findings (gone_in);

UPDATE alembic_version SET version_num='0002_runs_can_be_replayed' WHERE alembic_version.version_num = '0001_the_desk_opens';

-- Running upgrade 0002_runs_can_be_replayed -> 0003_rule_sets

CREATE TABLE rule_sets (
    rule_set_id VARCHAR(64) COLLATE "C" NOT NULL,
    state VARCHAR(16) COLLATE "C" NOT NULL,
    base_id VARCHAR(64) COLLATE "C" NOT NULL,
    content VARCHAR NOT NULL,
    hash_before VARCHAR(64) COLLATE "C" NOT NULL,
    hash_after VARCHAR(64) COLLATE "C" NOT NULL,
    reason VARCHAR NOT NULL,
    proposed_by VARCHAR(64) COLLATE "C" NOT NULL,
    proposed_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    decided_by VARCHAR(64) COLLATE "C",
    decided_at TIMESTAMP(6) WITHOUT TIME ZONE,
    decision VARCHAR NOT NULL,
    sheet VARCHAR NOT NULL,
    sheet_sha256 VARCHAR(64) COLLATE "C" NOT NULL,
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
    suppression_id VARCHAR(64) COLLATE "C" NOT NULL,
    rule VARCHAR(64) COLLATE "C" NOT NULL,
    customer_id VARCHAR(80) COLLATE "C" NOT NULL,
    account_id VARCHAR(64) COLLATE "C",
    reason VARCHAR NOT NULL,
    covers_from DATE NOT NULL,
    covers_until DATE NOT NULL,
    state VARCHAR(16) COLLATE "C" NOT NULL,
    severity_cap INTEGER NOT NULL,
    state_event BIGINT NOT NULL,
    proposed_by VARCHAR(64) COLLATE "C" NOT NULL,
    proposed_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    decided_by VARCHAR(64) COLLATE "C",
    decided_at TIMESTAMP(6) WITHOUT TIME ZONE,
    decision_note VARCHAR NOT NULL,
    ended_by VARCHAR(64) COLLATE "C",
    ended_at TIMESTAMP(6) WITHOUT TIME ZONE,
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
    suppression_id VARCHAR(64) COLLATE "C" NOT NULL,
    alert_id VARCHAR(64) COLLATE "C" NOT NULL,
    rule VARCHAR(64) COLLATE "C" NOT NULL,
    customer_id VARCHAR(80) COLLATE "C" NOT NULL,
    account_id VARCHAR(64) COLLATE "C" NOT NULL,
    window_start TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    window_end TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    severity INTEGER NOT NULL,
    amount_minor BIGINT NOT NULL,
    transaction_count INTEGER NOT NULL,
    transaction_ids VARCHAR NOT NULL,
    sentence VARCHAR(1000) NOT NULL,
    run_id VARCHAR(64) COLLATE "C" NOT NULL,
    hidden_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    released_in VARCHAR(64) COLLATE "C",
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
    test_id VARCHAR(64) COLLATE "C" NOT NULL,
    rule VARCHAR(64) COLLATE "C" NOT NULL,
    drawn_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    drawn_by VARCHAR(64) COLLATE "C" NOT NULL,
    population_size INTEGER NOT NULL,
    data_fingerprint VARCHAR(128) COLLATE "C" NOT NULL,
    seed VARCHAR(64) COLLATE "C" NOT NULL,
    record VARCHAR NOT NULL,
    CONSTRAINT pk_line_tests PRIMARY KEY (test_id)
);

CREATE TABLE line_test_picks (
    test_id VARCHAR(64) COLLATE "C" NOT NULL,
    band INTEGER NOT NULL,
    place INTEGER NOT NULL,
    episode VARCHAR(64) COLLATE "C" NOT NULL,
    alert_id VARCHAR(64) COLLATE "C" NOT NULL,
    placement VARCHAR(8) COLLATE "C" NOT NULL,
    rank VARCHAR(64) COLLATE "C" NOT NULL,
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

ALTER TABLE detection_findings ADD COLUMN first_at TIMESTAMP(6) WITHOUT TIME ZONE;

ALTER TABLE detection_findings ADD COLUMN last_at TIMESTAMP(6) WITHOUT TIME ZONE;

UPDATE alembic_version SET version_num='0007_spans_of_findings' WHERE alembic_version.version_num = '0006_policy_and_holds';

-- Running upgrade 0007_spans_of_findings -> 0008_filings

CREATE TABLE batches (
    batch_id VARCHAR(64) COLLATE "C" NOT NULL,
    produced_by VARCHAR(64) COLLATE "C" NOT NULL,
    produced_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    reports INTEGER NOT NULL,
    test BOOLEAN NOT NULL,
    sha256 VARCHAR(64) COLLATE "C" NOT NULL,
    content VARCHAR NOT NULL,
    tracking_id VARCHAR(64) COLLATE "C" NOT NULL,
    transmitted_by VARCHAR(64) COLLATE "C",
    transmitted_at TIMESTAMP(6) WITHOUT TIME ZONE,
    answer VARCHAR NOT NULL,
    answer_sha256 VARCHAR(64) COLLATE "C" NOT NULL,
    answered_by VARCHAR(64) COLLATE "C",
    answered_at TIMESTAMP(6) WITHOUT TIME ZONE,
    CONSTRAINT pk_batches PRIMARY KEY (batch_id),
    CONSTRAINT ck_batches_reports CHECK (reports > 0),
    CONSTRAINT ck_batches_transmitted_first CHECK (answered_at IS NULL OR transmitted_at IS NOT NULL),
    CONSTRAINT fk_batches_produced_by_users FOREIGN KEY(produced_by) REFERENCES users (user_id),
    CONSTRAINT fk_batches_transmitted_by_users FOREIGN KEY(transmitted_by) REFERENCES users (user_id),
    CONSTRAINT fk_batches_answered_by_users FOREIGN KEY(answered_by) REFERENCES users (user_id)
);

CREATE UNIQUE INDEX ix_batches_tracking_id ON batches (tracking_id) WHERE tracking_id <> '';

CREATE TABLE filings (
    filing_id VARCHAR(64) COLLATE "C" NOT NULL,
    case_id VARCHAR(64) COLLATE "C" NOT NULL,
    state VARCHAR(16) COLLATE "C" NOT NULL,
    state_event BIGINT NOT NULL,
    kind VARCHAR(64) COLLATE "C" NOT NULL,
    digest VARCHAR(64) COLLATE "C" NOT NULL,
    content VARCHAR NOT NULL,
    drafted_by VARCHAR(64) COLLATE "C" NOT NULL,
    drafted_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    decision BIGINT NOT NULL,
    approved_by VARCHAR(64) COLLATE "C",
    approved_at TIMESTAMP(6) WITHOUT TIME ZONE,
    batch_id VARCHAR(64) COLLATE "C",
    place INTEGER NOT NULL,
    tracking_id VARCHAR(64) COLLATE "C" NOT NULL,
    bsa_id VARCHAR(14) COLLATE "C" NOT NULL,
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

ALTER TABLE case_events ADD COLUMN salt VARCHAR(64) COLLATE "C" DEFAULT '' NOT NULL;

CREATE OR REPLACE FUNCTION case_events_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  emptied case_events;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    emptied := OLD;
    emptied.notes := '';
    emptied.salt := '';
    IF OLD.format = 'casedesk.event/2' AND OLD.salt <> '' AND NEW IS NOT DISTINCT FROM emptied THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'case_events is append-only: events are never changed or deleted' USING ERRCODE = 'integrity_constraint_violation';
END
$$;

UPDATE alembic_version SET version_num='0009_removable_texts' WHERE alembic_version.version_num = '0008_filings';

-- Running upgrade 0009_removable_texts -> 0010_unassigned_by_index

DROP INDEX ix_cases_queue_owner;

CREATE INDEX ix_cases_queue_owner ON cases (owner, is_open, due_at, risk_rank, case_id, disposition);

UPDATE alembic_version SET version_num='0010_unassigned_by_index' WHERE alembic_version.version_num = '0009_removable_texts';

-- Running upgrade 0010_unassigned_by_index -> 0011_clocks

CREATE TABLE clocks (
    case_id VARCHAR(64) COLLATE "C" NOT NULL,
    kind VARCHAR(24) COLLATE "C" NOT NULL,
    source_event BIGINT NOT NULL,
    source VARCHAR(200) NOT NULL,
    started_on DATE NOT NULL,
    due_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    rule VARCHAR(64) COLLATE "C" NOT NULL,
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
    batch_id VARCHAR(64) COLLATE "C" NOT NULL,
    withdrawn_by VARCHAR(64) COLLATE "C" NOT NULL,
    withdrawn_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    event BIGINT NOT NULL,
    CONSTRAINT pk_withdrawn_batches PRIMARY KEY (batch_id),
    CONSTRAINT fk_withdrawn_batches_batch_id_batches FOREIGN KEY(batch_id) REFERENCES batches (batch_id),
    CONSTRAINT fk_withdrawn_batches_withdrawn_by_users FOREIGN KEY(withdrawn_by) REFERENCES users (user_id)
);

UPDATE alembic_version SET version_num='0012_withdrawn_batches' WHERE alembic_version.version_num = '0011_clocks';

-- Running upgrade 0012_withdrawn_batches -> 0013_api_keys

CREATE TABLE api_keys (
    key_id VARCHAR(64) COLLATE "C" NOT NULL,
    label VARCHAR(100) NOT NULL,
    user_id VARCHAR(64) COLLATE "C",
    scopes VARCHAR(64) COLLATE "C" NOT NULL,
    secret_sha256 VARCHAR(64) COLLATE "C" NOT NULL,
    created_by VARCHAR(64) COLLATE "C" NOT NULL,
    created_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    expires_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    revoked_by VARCHAR(64) COLLATE "C",
    revoked_at TIMESTAMP(6) WITHOUT TIME ZONE,
    CONSTRAINT pk_api_keys PRIMARY KEY (key_id),
    CONSTRAINT fk_api_keys_user_id_users FOREIGN KEY(user_id) REFERENCES users (user_id),
    CONSTRAINT ck_api_keys_ck_api_keys_life CHECK (created_at < expires_at)
);

UPDATE alembic_version SET version_num='0013_api_keys' WHERE alembic_version.version_num = '0012_withdrawn_batches';

-- Running upgrade 0013_api_keys -> 0014_copies_for_runs

CREATE TABLE run_copies (
    what VARCHAR(16) COLLATE "C" NOT NULL,
    place INTEGER NOT NULL,
    upto BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    sha256 VARCHAR(64) COLLATE "C" NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_run_copies PRIMARY KEY (what, place)
);

UPDATE alembic_version SET version_num='0014_copies_for_runs' WHERE alembic_version.version_num = '0013_api_keys';

-- Running upgrade 0014_copies_for_runs -> 0015_announced_alerts

CREATE TABLE announcements (
    place VARCHAR(260) COLLATE "C" NOT NULL,
    alert_id VARCHAR(64) COLLATE "C" NOT NULL,
    moved_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    CONSTRAINT pk_announcements PRIMARY KEY (place)
);

UPDATE alembic_version SET version_num='0015_announced_alerts' WHERE alembic_version.version_num = '0014_copies_for_runs';

-- Running upgrade 0015_announced_alerts -> 0016_figures_of_operation

CREATE TABLE receipts (
    arrival BIGINT NOT NULL,
    import_id VARCHAR(64) COLLATE "C" NOT NULL,
    received_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    CONSTRAINT pk_receipts PRIMARY KEY (arrival),
    CONSTRAINT fk_receipts_import_id_imports FOREIGN KEY(import_id) REFERENCES imports (import_id)
);

CREATE TABLE api_key_uses (
    key_id VARCHAR(64) COLLATE "C" NOT NULL,
    used_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    CONSTRAINT pk_api_key_uses PRIMARY KEY (key_id),
    CONSTRAINT fk_api_key_uses_key_id_api_keys FOREIGN KEY(key_id) REFERENCES api_keys (key_id)
);

ALTER TABLE detection_runs ADD COLUMN finished_at TIMESTAMP(6) WITHOUT TIME ZONE;

CREATE INDEX ix_alerts_raised_at ON alerts (raised_at);

CREATE INDEX ix_imports_started_at ON imports (started_at);

UPDATE alembic_version SET version_num='0016_figures_of_operation' WHERE alembic_version.version_num = '0015_announced_alerts';

-- Running upgrade 0016_figures_of_operation -> 0017_lists_and_scores

CREATE TABLE party_lists (
    list_id VARCHAR(64) COLLATE "C" NOT NULL,
    source VARCHAR(80) NOT NULL,
    version VARCHAR(80) NOT NULL,
    listed_on DATE NOT NULL,
    sha256 VARCHAR(64) COLLATE "C" NOT NULL,
    entries INTEGER NOT NULL,
    entries_sha256 VARCHAR(64) COLLATE "C" NOT NULL,
    loaded_by VARCHAR(64) COLLATE "C" NOT NULL,
    loaded_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    in_force BOOLEAN NOT NULL,
    CONSTRAINT pk_party_lists PRIMARY KEY (list_id)
);

CREATE TABLE party_list_entries (
    list_id VARCHAR(64) COLLATE "C" NOT NULL,
    number INTEGER NOT NULL,
    kind VARCHAR(16) COLLATE "C" NOT NULL,
    party VARCHAR(400) NOT NULL,
    reason VARCHAR(400) NOT NULL,
    ref VARCHAR(80) COLLATE "C" NOT NULL,
    about VARCHAR(40) NOT NULL,
    CONSTRAINT pk_party_list_entries PRIMARY KEY (list_id, number),
    CONSTRAINT ck_party_list_entries_kind CHECK (kind IN ('account', 'customer', 'wallet', 'name')),
    CONSTRAINT fk_party_list_entries_list_id_party_lists FOREIGN KEY(list_id) REFERENCES party_lists (list_id)
);

CREATE TABLE name_matches (
    match_id VARCHAR(64) COLLATE "C" NOT NULL,
    customer_id VARCHAR(80) COLLATE "C" NOT NULL,
    customer_name VARCHAR(200) NOT NULL,
    source VARCHAR(80) NOT NULL,
    ref VARCHAR(80) COLLATE "C" NOT NULL,
    listed_name VARCHAR(400) NOT NULL,
    reason VARCHAR(400) NOT NULL,
    likeness INTEGER NOT NULL,
    list_id VARCHAR(64) COLLATE "C" NOT NULL,
    found_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    state VARCHAR(16) COLLATE "C" NOT NULL,
    decided_by VARCHAR(64) COLLATE "C",
    decided_at TIMESTAMP(6) WITHOUT TIME ZONE,
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
    run_id VARCHAR(64) COLLATE "C" NOT NULL,
    ran_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    ran_by VARCHAR(64) COLLATE "C" NOT NULL,
    as_of TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    parameters VARCHAR NOT NULL,
    data_fingerprint VARCHAR(128) COLLATE "C" NOT NULL,
    list_sha256 VARCHAR(64) COLLATE "C" NOT NULL,
    payments BIGINT NOT NULL,
    accounts BIGINT NOT NULL,
    listed BIGINT NOT NULL,
    scored BIGINT NOT NULL,
    scores_sha256 VARCHAR(64) COLLATE "C" NOT NULL,
    record VARCHAR NOT NULL,
    CONSTRAINT pk_scoring_runs PRIMARY KEY (run_id)
);

CREATE TABLE risk_scores (
    run_id VARCHAR(64) COLLATE "C" NOT NULL,
    account_id VARCHAR(64) COLLATE "C" NOT NULL,
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
    case_id VARCHAR(64) COLLATE "C" NOT NULL,
    case_version INTEGER NOT NULL,
    advised_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    verdict VARCHAR(16) COLLATE "C" NOT NULL,
    priority SMALLINT NOT NULL,
    report BOOLEAN NOT NULL,
    score INTEGER NOT NULL,
    level SMALLINT NOT NULL,
    facts_sha256 VARCHAR(64) COLLATE "C" NOT NULL,
    CONSTRAINT pk_advice PRIMARY KEY (event_id),
    CONSTRAINT ck_advice_verdict CHECK (verdict IN ('ESCALATE', 'REVIEW', 'DISMISS')),
    CONSTRAINT fk_advice_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (case_id)
);

CREATE INDEX ix_advice_case_id_event_id ON advice (case_id, event_id);

CREATE TABLE cascade_steps (
    event_id BIGINT NOT NULL,
    level SMALLINT NOT NULL,
    version VARCHAR(160) COLLATE "C" NOT NULL,
    inputs VARCHAR NOT NULL,
    output VARCHAR NOT NULL,
    cost_micros BIGINT NOT NULL,
    CONSTRAINT pk_cascade_steps PRIMARY KEY (event_id, level),
    CONSTRAINT fk_cascade_steps_event_id_advice FOREIGN KEY(event_id) REFERENCES advice (event_id)
);

CREATE TABLE language_calls (
    call_id VARCHAR(64) COLLATE "C" NOT NULL,
    day DATE NOT NULL,
    model VARCHAR(160) NOT NULL,
    prompt_sha256 VARCHAR(64) COLLATE "C" NOT NULL,
    state VARCHAR(16) COLLATE "C" NOT NULL,
    cost_micros BIGINT NOT NULL,
    reserved_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    settled_at TIMESTAMP(6) WITHOUT TIME ZONE,
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
    hook_id VARCHAR(64) COLLATE "C" NOT NULL,
    label VARCHAR(100) NOT NULL,
    url VARCHAR(500) COLLATE "C" NOT NULL,
    rules VARCHAR(2000) COLLATE "C" NOT NULL,
    severity INTEGER NOT NULL,
    secret_sha256 VARCHAR(64) COLLATE "C" NOT NULL,
    created_by VARCHAR(64) COLLATE "C" NOT NULL,
    created_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    disabled_by VARCHAR(64) COLLATE "C",
    disabled_at TIMESTAMP(6) WITHOUT TIME ZONE,
    upto VARCHAR(64) COLLATE "C" NOT NULL,
    CONSTRAINT pk_webhooks PRIMARY KEY (hook_id),
    CONSTRAINT ck_webhooks_ck_webhooks_severity CHECK (severity BETWEEN 0 AND 100)
);

CREATE TABLE webhook_deliveries (
    delivery_id VARCHAR(64) COLLATE "C" NOT NULL,
    hook_id VARCHAR(64) COLLATE "C" NOT NULL,
    alert_id VARCHAR(64) COLLATE "C" NOT NULL,
    created_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    state VARCHAR(16) COLLATE "C" NOT NULL,
    tries INTEGER NOT NULL,
    next_at TIMESTAMP(6) WITHOUT TIME ZONE,
    status INTEGER,
    problem VARCHAR(200) NOT NULL,
    done_at TIMESTAMP(6) WITHOUT TIME ZONE,
    leased_by VARCHAR(64) COLLATE "C",
    leased_until TIMESTAMP(6) WITHOUT TIME ZONE,
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
    version_id VARCHAR(64) COLLATE "C" NOT NULL,
    state VARCHAR(16) COLLATE "C" NOT NULL,
    base_id VARCHAR(64) COLLATE "C" NOT NULL,
    name VARCHAR(100) NOT NULL,
    model_id VARCHAR(64) COLLATE "C" NOT NULL,
    card_sha256 VARCHAR(64) COLLATE "C" NOT NULL,
    reason VARCHAR NOT NULL,
    proposed_by VARCHAR(64) COLLATE "C" NOT NULL,
    proposed_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    decided_by VARCHAR(64) COLLATE "C",
    decided_at TIMESTAMP(6) WITHOUT TIME ZONE,
    decision VARCHAR NOT NULL,
    CONSTRAINT pk_model_versions PRIMARY KEY (version_id),
    CONSTRAINT ck_model_versions_state CHECK (state IN ('proposed', 'in force', 'superseded', 'rejected', 'withdrawn')),
    CONSTRAINT ck_model_versions_duties CHECK (decided_by IS NULL OR decided_by <> proposed_by OR state = 'withdrawn'),
    CONSTRAINT fk_model_versions_proposed_by_users FOREIGN KEY(proposed_by) REFERENCES users (user_id),
    CONSTRAINT fk_model_versions_decided_by_users FOREIGN KEY(decided_by) REFERENCES users (user_id)
);

CREATE UNIQUE INDEX ix_model_versions_state ON model_versions (state) WHERE state IN ('proposed', 'in force');

CREATE TABLE model_files (
    version_id VARCHAR(64) COLLATE "C" NOT NULL,
    name VARCHAR(64) COLLATE "C" NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_model_files PRIMARY KEY (version_id, name),
    CONSTRAINT fk_model_files_version_id_model_versions FOREIGN KEY(version_id) REFERENCES model_versions (version_id)
);

CREATE TABLE model_runs (
    model_run_id VARCHAR(64) COLLATE "C" NOT NULL,
    version_id VARCHAR(64) COLLATE "C" NOT NULL,
    model_id VARCHAR(64) COLLATE "C" NOT NULL,
    ran_at TIMESTAMP(6) WITHOUT TIME ZONE NOT NULL,
    transactions BIGINT NOT NULL,
    accounts BIGINT NOT NULL,
    drift VARCHAR NOT NULL,
    scores_sha256 VARCHAR(64) COLLATE "C" NOT NULL,
    CONSTRAINT pk_model_runs PRIMARY KEY (model_run_id)
);

CREATE TABLE model_scores (
    model_run_id VARCHAR(64) COLLATE "C" NOT NULL,
    account_id VARCHAR(64) COLLATE "C" NOT NULL,
    score BIGINT NOT NULL,
    band VARCHAR(8) COLLATE "C" NOT NULL,
    transaction_id VARCHAR(64) COLLATE "C" NOT NULL,
    parts VARCHAR NOT NULL,
    CONSTRAINT pk_model_scores PRIMARY KEY (model_run_id, account_id),
    CONSTRAINT ck_model_scores_band CHECK (band IN ('High', 'Medium', 'Low', 'Minimal')),
    CONSTRAINT ck_model_scores_score CHECK (score >= 0 AND score <= 1000000),
    CONSTRAINT fk_model_scores_model_run_id_model_runs FOREIGN KEY(model_run_id) REFERENCES model_runs (model_run_id)
);

UPDATE alembic_version SET version_num='0022_models' WHERE alembic_version.version_num = '0021_webhooks';

-- Running upgrade 0022_models -> 0023_alerts_lapse

ALTER TABLE alerts ADD COLUMN lapsed_in VARCHAR(64) COLLATE "C";

UPDATE alembic_version SET version_num='0023_alerts_lapse' WHERE alembic_version.version_num = '0022_models';

-- Running upgrade 0023_alerts_lapse -> 0024_findings_as_held

CREATE INDEX ix_detection_findings_alert_id ON detection_findings (alert_id, gone_in, first_at, last_at);

UPDATE alembic_version SET version_num='0024_findings_as_held' WHERE alembic_version.version_num = '0023_alerts_lapse';

COMMIT;
