BEGIN TRANSACTION;

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

GO

-- Running upgrade  -> 0001_the_desk_opens

CREATE TABLE users (
    user_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    name NVARCHAR(200) NOT NULL,
    role VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    active BIT NOT NULL DEFAULT 1,
    email VARCHAR(320) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    CONSTRAINT pk_users PRIMARY KEY (user_id),
    CONSTRAINT ck_users_role CHECK (role IN ('Analyst', 'QA', 'Manager', 'Auditor'))
);

GO

CREATE UNIQUE INDEX ix_users_email ON users (email) WHERE email IS NOT NULL;

GO

CREATE TABLE customers (
    customer_id VARCHAR(80) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    name NVARCHAR(200) NOT NULL,
    kind VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    country VARCHAR(2) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    segment NVARCHAR(64) NOT NULL,
    occupation NVARCHAR(120) NOT NULL,
    since DATE NULL,
    CONSTRAINT pk_customers PRIMARY KEY (customer_id),
    CONSTRAINT ck_customers_kind CHECK (kind IN ('Person', 'Business', 'Unknown'))
);

GO

CREATE INDEX ix_customers_name ON customers (name);

GO

CREATE TABLE accounts (
    account_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    customer_id VARCHAR(80) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    holder NVARCHAR(200) NOT NULL,
    bank NVARCHAR(64) NOT NULL,
    currency VARCHAR(3) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    country VARCHAR(2) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    opened_on DATE NULL,
    CONSTRAINT pk_accounts PRIMARY KEY (account_id),
    CONSTRAINT fk_accounts_customer_id_customers FOREIGN KEY(customer_id) REFERENCES customers (customer_id)
);

GO

CREATE INDEX ix_accounts_customer_id ON accounts (customer_id);

GO

CREATE TABLE imports (
    import_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    kind VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    file_name NVARCHAR(260) NOT NULL,
    sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    reading VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    started_at DATETIME2(6) NOT NULL,
    finished_at DATETIME2(6) NULL,
    chunks INTEGER NOT NULL,
    rows_read BIGINT NOT NULL,
    rows_stored BIGINT NOT NULL,
    rows_duplicate BIGINT NOT NULL,
    rows_rejected BIGINT NOT NULL,
    CONSTRAINT pk_imports PRIMARY KEY (import_id)
);

GO

CREATE INDEX ix_imports_sha256 ON imports (sha256);

GO

CREATE TABLE import_rejects (
    import_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    row_number BIGINT NOT NULL,
    field NVARCHAR(64) NOT NULL,
    value NVARCHAR(100) NOT NULL,
    reason NVARCHAR(400) NOT NULL,
    CONSTRAINT pk_import_rejects PRIMARY KEY (import_id, row_number),
    CONSTRAINT fk_import_rejects_import_id_imports FOREIGN KEY(import_id) REFERENCES imports (import_id)
);

GO

CREATE TABLE transactions (
    transaction_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    booked_at DATETIME2(6) NOT NULL,
    from_account VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    to_account VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency VARCHAR(3) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    received_minor BIGINT NOT NULL,
    received_currency VARCHAR(3) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    base_minor BIGINT NOT NULL,
    channel VARCHAR(8) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    from_country VARCHAR(2) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    to_country VARCHAR(2) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    branch NVARCHAR(64) NOT NULL,
    reference NVARCHAR(140) NOT NULL,
    CONSTRAINT pk_transactions PRIMARY KEY (transaction_id),
    CONSTRAINT ck_transactions_channel CHECK (channel IN ('CASH', 'ACH', 'WIRE', 'CARD', 'CHEQUE', 'CRYPTO', 'INTERNAL', 'OTHER')),
    CONSTRAINT ck_transactions_sides CHECK (from_account <> '' OR to_account <> ''),
    CONSTRAINT ck_transactions_amounts CHECK (amount_minor >= 0 AND received_minor >= 0 AND base_minor >= 0)
);

GO

CREATE INDEX ix_transactions_from_account_booked_at ON transactions (from_account, booked_at);

GO

CREATE INDEX ix_transactions_to_account_booked_at ON transactions (to_account, booked_at);

GO

CREATE TABLE exchange_rates (
    currency VARCHAR(3) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    valid_from DATE NOT NULL,
    usd_per_unit VARCHAR(40) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    source NVARCHAR(200) NOT NULL,
    CONSTRAINT pk_exchange_rates PRIMARY KEY (currency, valid_from)
);

GO

CREATE TABLE cases (
    case_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    customer_id VARCHAR(80) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    status VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    owner VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    disposition VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    version INTEGER NOT NULL,
    opened_at DATETIME2(6) NOT NULL,
    alerted_at DATETIME2(6) NOT NULL,
    suspicion_at DATETIME2(6) NOT NULL,
    suspicion_event BIGINT NOT NULL,
    suspicion_moved BIT NOT NULL,
    suspect_identified BIT NOT NULL,
    decision_text NVARCHAR(max) NOT NULL,
    decided_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    decided_at DATETIME2(6) NULL,
    approved_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    approved_at DATETIME2(6) NULL,
    closed_at DATETIME2(6) NULL,
    qa_status VARCHAR(8) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    qa_reviewer VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    qa_reviewed_at DATETIME2(6) NULL,
    qa_severity VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    qa_notes NVARCHAR(max) NOT NULL,
    due_at DATETIME2(6) NOT NULL,
    is_open BIT NOT NULL,
    severity INTEGER NOT NULL,
    risk_rank SMALLINT NOT NULL,
    typology VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
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

GO

CREATE INDEX ix_cases_closed_at ON cases (closed_at);

GO

CREATE INDEX ix_cases_customer_id_status ON cases (customer_id, status);

GO

CREATE INDEX ix_cases_queue ON cases (is_open, due_at, risk_rank, case_id);

GO

CREATE INDEX ix_cases_queue_all ON cases (due_at, risk_rank, case_id);

GO

CREATE INDEX ix_cases_queue_disposition ON cases (disposition, is_open, due_at, risk_rank, case_id);

GO

CREATE INDEX ix_cases_queue_opened ON cases (is_open, opened_at, case_id);

GO

CREATE INDEX ix_cases_queue_owner ON cases (owner, is_open, due_at, risk_rank, case_id);

GO

CREATE INDEX ix_cases_queue_risk ON cases (is_open, risk_rank, due_at, case_id);

GO

CREATE TABLE detection_runs (
    run_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    ran_at DATETIME2(6) NOT NULL,
    until DATETIME2(6) NULL,
    rule_set_hash VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    parameters NVARCHAR(max) NOT NULL,
    data_fingerprint VARCHAR(128) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    engine VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    transactions BIGINT NOT NULL,
    new_alerts INTEGER NOT NULL,
    grown_alerts INTEGER NOT NULL,
    CONSTRAINT pk_detection_runs PRIMARY KEY (run_id)
);

GO

CREATE TABLE alerts (
    alert_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    [rule] VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    rule_version VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    parameters NVARCHAR(max) NOT NULL,
    customer_id VARCHAR(80) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    account_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    window_start DATETIME2(6) NOT NULL,
    window_end DATETIME2(6) NOT NULL,
    severity INTEGER NOT NULL,
    amount_minor BIGINT NOT NULL,
    transaction_count INTEGER NOT NULL,
    sentence NVARCHAR(1000) NOT NULL,
    raised_at DATETIME2(6) NOT NULL,
    run_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    case_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    CONSTRAINT pk_alerts PRIMARY KEY (alert_id),
    CONSTRAINT ck_alerts_severity CHECK (severity BETWEEN 0 AND 100),
    CONSTRAINT fk_alerts_account_id_accounts FOREIGN KEY(account_id) REFERENCES accounts (account_id),
    CONSTRAINT fk_alerts_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (case_id),
    CONSTRAINT fk_alerts_customer_id_customers FOREIGN KEY(customer_id) REFERENCES customers (customer_id),
    CONSTRAINT fk_alerts_run_id_detection_runs FOREIGN KEY(run_id) REFERENCES detection_runs (run_id)
);

GO

CREATE INDEX ix_alerts_account_id_rule ON alerts (account_id, [rule]);

GO

CREATE INDEX ix_alerts_case_id ON alerts (case_id);

GO

CREATE INDEX ix_alerts_customer_id ON alerts (customer_id);

GO

CREATE TABLE alert_transactions (
    alert_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    transaction_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    position INTEGER NOT NULL,
    CONSTRAINT pk_alert_transactions PRIMARY KEY (alert_id, transaction_id),
    CONSTRAINT fk_alert_transactions_alert_id_alerts FOREIGN KEY(alert_id) REFERENCES alerts (alert_id),
    CONSTRAINT fk_alert_transactions_transaction_id_transactions FOREIGN KEY(transaction_id) REFERENCES transactions (transaction_id)
);

GO

CREATE INDEX ix_alert_transactions_transaction_id ON alert_transactions (transaction_id);

GO

CREATE TABLE case_events (
    event_id BIGINT NOT NULL,
    case_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    case_seq INTEGER NOT NULL,
    ts VARCHAR(27) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    [user] VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    action VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    notes NVARCHAR(max) NOT NULL,
    meta NVARCHAR(max) NOT NULL,
    prev_hash VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    event_hash VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    nonce VARCHAR(32) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    format VARCHAR(32) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    body VARBINARY(max) NOT NULL,
    CONSTRAINT pk_case_events PRIMARY KEY (event_id),
    CONSTRAINT uq_case_events_case_id_case_seq UNIQUE (case_id, case_seq),
    CONSTRAINT uq_case_events_case_id_prev_hash UNIQUE (case_id, prev_hash)
);

GO

CREATE TABLE ledger_head (
    head_id INTEGER NOT NULL,
    size BIGINT NOT NULL,
    root VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    frontier NVARCHAR(max) NOT NULL,
    locks BIGINT NOT NULL,
    CONSTRAINT pk_ledger_head PRIMARY KEY (head_id),
    CONSTRAINT ck_ledger_head_single_row CHECK (head_id = 1)
);

GO

CREATE TABLE counters (
    name VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    value BIGINT NOT NULL,
    CONSTRAINT pk_counters PRIMARY KEY (name)
);

GO

INSERT INTO ledger_head (head_id, size, root, frontier, locks) VALUES (1, 0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', N'', 0);

GO

CREATE TABLE qa_draws (
    draw_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    period_from DATE NOT NULL,
    period_to DATE NOT NULL,
    drawn_at DATETIME2(6) NOT NULL,
    drawn_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    population_size INTEGER NOT NULL,
    population_sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    seed VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    record NVARCHAR(max) NOT NULL,
    CONSTRAINT pk_qa_draws PRIMARY KEY (draw_id)
);

GO

CREATE TABLE qa_picks (
    draw_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    case_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    stratum NVARCHAR(160) NOT NULL,
    rank VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    place INTEGER NOT NULL,
    outcome VARCHAR(8) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    reviewer VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    reviewed_at DATETIME2(6) NULL,
    CONSTRAINT pk_qa_picks PRIMARY KEY (draw_id, case_id),
    CONSTRAINT ck_qa_picks_outcome CHECK (outcome IN ('', 'Pass', 'Fail')),
    CONSTRAINT fk_qa_picks_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (case_id),
    CONSTRAINT fk_qa_picks_draw_id_qa_draws FOREIGN KEY(draw_id) REFERENCES qa_draws (draw_id),
    CONSTRAINT fk_qa_picks_reviewer_users FOREIGN KEY(reviewer) REFERENCES users (user_id)
);

GO

CREATE INDEX ix_qa_picks_case_id ON qa_picks (case_id);

GO

EXEC sp_executesql N'CREATE TRIGGER case_events_no_change ON case_events INSTEAD OF UPDATE, DELETE AS
BEGIN
  SET NOCOUNT ON;
  THROW 50001, ''case_events is append-only: events are never changed or deleted'', 1;
END';

GO

INSERT INTO alembic_version (version_num) OUTPUT inserted.version_num VALUES ('0001_the_desk_opens');

GO

-- Running upgrade 0001_the_desk_opens -> 0002_runs_can_be_replayed

ALTER TABLE transactions ADD arrival BIGINT NOT NULL DEFAULT 0;

GO

CREATE INDEX ix_transactions_arrival ON transactions (arrival);

GO

ALTER TABLE accounts ADD arrival BIGINT NOT NULL DEFAULT 0;

GO

ALTER TABLE accounts ADD changed BIGINT NOT NULL DEFAULT 0;

GO

CREATE INDEX ix_accounts_changed ON accounts (changed);

GO

ALTER TABLE detection_runs ADD ordinal BIGINT NOT NULL DEFAULT 0;

GO

CREATE INDEX ix_detection_runs_ordinal ON detection_runs (ordinal);

GO

ALTER TABLE detection_runs ADD alerts_sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL DEFAULT '';

GO

ALTER TABLE detection_runs ADD record NVARCHAR(max) NOT NULL DEFAULT '';

GO

CREATE TABLE detection_findings (
    alert_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    digest VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    found_in BIGINT NOT NULL,
    gone_in BIGINT NULL,
    [rule] VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    account_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    CONSTRAINT pk_detection_findings PRIMARY KEY (alert_id, digest, found_in)
);

GO

CREATE INDEX ix_detection_findings_gone_in ON detection_findings (gone_in);

GO

UPDATE alembic_version SET version_num='0002_runs_can_be_replayed' WHERE alembic_version.version_num = '0001_the_desk_opens';

GO

-- Running upgrade 0002_runs_can_be_replayed -> 0003_rule_sets

CREATE TABLE rule_sets (
    rule_set_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    state VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    base_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    content NVARCHAR(max) NOT NULL,
    hash_before VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    hash_after VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    reason NVARCHAR(max) NOT NULL,
    proposed_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    proposed_at DATETIME2(6) NOT NULL,
    decided_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    decided_at DATETIME2(6) NULL,
    decision NVARCHAR(max) NOT NULL,
    sheet NVARCHAR(max) NOT NULL,
    sheet_sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    CONSTRAINT pk_rule_sets PRIMARY KEY (rule_set_id),
    CONSTRAINT ck_rule_sets_state CHECK (state IN ('proposed', 'in force', 'superseded', 'rejected', 'withdrawn')),
    CONSTRAINT ck_rule_sets_duties CHECK (decided_by IS NULL OR decided_by <> proposed_by OR state = 'withdrawn'),
    CONSTRAINT fk_rule_sets_proposed_by_users FOREIGN KEY(proposed_by) REFERENCES users (user_id),
    CONSTRAINT fk_rule_sets_decided_by_users FOREIGN KEY(decided_by) REFERENCES users (user_id)
);

GO

CREATE UNIQUE INDEX ix_rule_sets_state ON rule_sets (state) WHERE state IN ('proposed', 'in force');

GO

UPDATE alembic_version SET version_num='0003_rule_sets' WHERE alembic_version.version_num = '0002_runs_can_be_replayed';

GO

-- Running upgrade 0003_rule_sets -> 0004_suppressions

CREATE TABLE suppressions (
    suppression_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    [rule] VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    customer_id VARCHAR(80) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    account_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    reason NVARCHAR(max) NOT NULL,
    covers_from DATE NOT NULL,
    covers_until DATE NOT NULL,
    state VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    severity_cap INTEGER NOT NULL,
    state_event BIGINT NOT NULL,
    proposed_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    proposed_at DATETIME2(6) NOT NULL,
    decided_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    decided_at DATETIME2(6) NULL,
    decision_note NVARCHAR(max) NOT NULL,
    ended_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    ended_at DATETIME2(6) NULL,
    end_reason NVARCHAR(max) NOT NULL,
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

GO

CREATE INDEX ix_suppressions_customer_id ON suppressions (customer_id);

GO

CREATE TABLE suppressed_alerts (
    suppression_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    alert_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    [rule] VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    customer_id VARCHAR(80) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    account_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    window_start DATETIME2(6) NOT NULL,
    window_end DATETIME2(6) NOT NULL,
    severity INTEGER NOT NULL,
    amount_minor BIGINT NOT NULL,
    transaction_count INTEGER NOT NULL,
    transaction_ids NVARCHAR(max) NOT NULL,
    sentence NVARCHAR(1000) NOT NULL,
    run_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    hidden_at DATETIME2(6) NOT NULL,
    released_in VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    CONSTRAINT pk_suppressed_alerts PRIMARY KEY (suppression_id, alert_id),
    CONSTRAINT fk_suppressed_alerts_suppression_id_suppressions FOREIGN KEY(suppression_id) REFERENCES suppressions (suppression_id),
    CONSTRAINT fk_suppressed_alerts_customer_id_customers FOREIGN KEY(customer_id) REFERENCES customers (customer_id),
    CONSTRAINT fk_suppressed_alerts_account_id_accounts FOREIGN KEY(account_id) REFERENCES accounts (account_id),
    CONSTRAINT fk_suppressed_alerts_run_id_detection_runs FOREIGN KEY(run_id) REFERENCES detection_runs (run_id),
    CONSTRAINT fk_suppressed_alerts_released_in_detection_runs FOREIGN KEY(released_in) REFERENCES detection_runs (run_id)
);

GO

CREATE INDEX ix_suppressed_alerts_customer_id ON suppressed_alerts (customer_id);

GO

UPDATE alembic_version SET version_num='0004_suppressions' WHERE alembic_version.version_num = '0003_rule_sets';

GO

-- Running upgrade 0004_suppressions -> 0005_line_samples

CREATE TABLE line_tests (
    test_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    [rule] VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    drawn_at DATETIME2(6) NOT NULL,
    drawn_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    population_size INTEGER NOT NULL,
    data_fingerprint VARCHAR(128) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    seed VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    record NVARCHAR(max) NOT NULL,
    CONSTRAINT pk_line_tests PRIMARY KEY (test_id)
);

GO

CREATE TABLE line_test_picks (
    test_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    band INTEGER NOT NULL,
    place INTEGER NOT NULL,
    episode VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    alert_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    placement VARCHAR(8) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    rank VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    CONSTRAINT pk_line_test_picks PRIMARY KEY (test_id, band, place),
    CONSTRAINT ck_line_test_picks_placement CHECK (placement IN ('opened', 'joined', 'known')),
    CONSTRAINT fk_line_test_picks_test_id_line_tests FOREIGN KEY(test_id) REFERENCES line_tests (test_id),
    CONSTRAINT fk_line_test_picks_alert_id_alerts FOREIGN KEY(alert_id) REFERENCES alerts (alert_id)
);

GO

CREATE INDEX ix_line_test_picks_alert_id ON line_test_picks (alert_id);

GO

UPDATE alembic_version SET version_num='0005_line_samples' WHERE alembic_version.version_num = '0004_suppressions';

GO

-- Running upgrade 0005_line_samples -> 0006_policy_and_holds

CREATE INDEX ix_case_events_governing ON case_events (action, event_id) WHERE action IN ('cases_purged', 'hold_lifted', 'hold_placed', 'policy_put_in_force');

GO

UPDATE alembic_version SET version_num='0006_policy_and_holds' WHERE alembic_version.version_num = '0005_line_samples';

GO

-- Running upgrade 0006_policy_and_holds -> 0007_spans_of_findings

ALTER TABLE detection_findings ADD first_at DATETIME2(6) NULL;

GO

ALTER TABLE detection_findings ADD last_at DATETIME2(6) NULL;

GO

UPDATE alembic_version SET version_num='0007_spans_of_findings' WHERE alembic_version.version_num = '0006_policy_and_holds';

GO

-- Running upgrade 0007_spans_of_findings -> 0008_filings

CREATE TABLE batches (
    batch_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    produced_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    produced_at DATETIME2(6) NOT NULL,
    reports INTEGER NOT NULL,
    test BIT NOT NULL,
    sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    content NVARCHAR(max) NOT NULL,
    tracking_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    transmitted_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    transmitted_at DATETIME2(6) NULL,
    answer NVARCHAR(max) NOT NULL,
    answer_sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    answered_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    answered_at DATETIME2(6) NULL,
    CONSTRAINT pk_batches PRIMARY KEY (batch_id),
    CONSTRAINT ck_batches_reports CHECK (reports > 0),
    CONSTRAINT ck_batches_transmitted_first CHECK (answered_at IS NULL OR transmitted_at IS NOT NULL),
    CONSTRAINT fk_batches_produced_by_users FOREIGN KEY(produced_by) REFERENCES users (user_id),
    CONSTRAINT fk_batches_transmitted_by_users FOREIGN KEY(transmitted_by) REFERENCES users (user_id),
    CONSTRAINT fk_batches_answered_by_users FOREIGN KEY(answered_by) REFERENCES users (user_id)
);

GO

CREATE UNIQUE INDEX ix_batches_tracking_id ON batches (tracking_id) WHERE tracking_id <> '';

GO

CREATE TABLE filings (
    filing_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    case_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    state VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    state_event BIGINT NOT NULL,
    kind VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    digest VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    content NVARCHAR(max) NOT NULL,
    drafted_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    drafted_at DATETIME2(6) NOT NULL,
    decision BIGINT NOT NULL,
    approved_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    approved_at DATETIME2(6) NULL,
    batch_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    place INTEGER NOT NULL,
    tracking_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    bsa_id VARCHAR(14) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    remarks NVARCHAR(max) NOT NULL,
    CONSTRAINT pk_filings PRIMARY KEY (filing_id),
    CONSTRAINT ck_filings_state CHECK (state IN ('draft', 'approved', 'produced', 'transmitted', 'acknowledged', 'rejected')),
    CONSTRAINT ck_filings_place CHECK ((batch_id IS NULL AND place = 0) OR place > 0),
    CONSTRAINT fk_filings_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (case_id),
    CONSTRAINT fk_filings_drafted_by_users FOREIGN KEY(drafted_by) REFERENCES users (user_id),
    CONSTRAINT fk_filings_approved_by_users FOREIGN KEY(approved_by) REFERENCES users (user_id),
    CONSTRAINT fk_filings_batch_id_batches FOREIGN KEY(batch_id) REFERENCES batches (batch_id)
);

GO

CREATE INDEX ix_filings_case_id ON filings (case_id);

GO

CREATE INDEX ix_filings_state ON filings (state);

GO

CREATE INDEX ix_filings_batch_id_place ON filings (batch_id, place);

GO

CREATE UNIQUE INDEX ix_filings_bsa_id ON filings (bsa_id) WHERE bsa_id <> '';

GO

UPDATE alembic_version SET version_num='0008_filings' WHERE alembic_version.version_num = '0007_spans_of_findings';

GO

-- Running upgrade 0008_filings -> 0009_removable_texts

ALTER TABLE case_events ADD salt VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL DEFAULT '';

GO

DROP TRIGGER IF EXISTS case_events_no_change;

GO

EXEC sp_executesql N'CREATE TRIGGER case_events_no_delete ON case_events INSTEAD OF DELETE AS
BEGIN
  SET NOCOUNT ON;
  THROW 50001, ''case_events is append-only: events are never changed or deleted'', 1;
END';

GO

EXEC sp_executesql N'CREATE TRIGGER case_events_no_change ON case_events AFTER UPDATE AS
BEGIN
  SET NOCOUNT ON;
  IF (SELECT COUNT(*) FROM deleted) <> (SELECT COUNT(*) FROM inserted AS i JOIN deleted AS d ON i.event_id = d.event_id
      WHERE d.format = ''casedesk.event/2'' AND DATALENGTH(d.salt) > 0 AND DATALENGTH(i.notes) = 0 AND DATALENGTH(i.salt) = 0
      AND CAST(i.[event_id] AS VARBINARY(MAX)) = CAST(d.[event_id] AS VARBINARY(MAX)) AND CAST(i.[case_id] AS VARBINARY(MAX)) = CAST(d.[case_id] AS VARBINARY(MAX)) AND CAST(i.[case_seq] AS VARBINARY(MAX)) = CAST(d.[case_seq] AS VARBINARY(MAX)) AND CAST(i.[ts] AS VARBINARY(MAX)) = CAST(d.[ts] AS VARBINARY(MAX)) AND CAST(i.[user] AS VARBINARY(MAX)) = CAST(d.[user] AS VARBINARY(MAX)) AND CAST(i.[action] AS VARBINARY(MAX)) = CAST(d.[action] AS VARBINARY(MAX)) AND CAST(i.[meta] AS VARBINARY(MAX)) = CAST(d.[meta] AS VARBINARY(MAX)) AND CAST(i.[prev_hash] AS VARBINARY(MAX)) = CAST(d.[prev_hash] AS VARBINARY(MAX)) AND CAST(i.[event_hash] AS VARBINARY(MAX)) = CAST(d.[event_hash] AS VARBINARY(MAX)) AND CAST(i.[nonce] AS VARBINARY(MAX)) = CAST(d.[nonce] AS VARBINARY(MAX)) AND CAST(i.[format] AS VARBINARY(MAX)) = CAST(d.[format] AS VARBINARY(MAX)) AND CAST(i.[body] AS VARBINARY(MAX)) = CAST(d.[body] AS VARBINARY(MAX)))
    THROW 50001, ''case_events is append-only: events are never changed or deleted'', 1;
END';

GO

UPDATE alembic_version SET version_num='0009_removable_texts' WHERE alembic_version.version_num = '0008_filings';

GO

-- Running upgrade 0009_removable_texts -> 0010_unassigned_by_index

DROP INDEX ix_cases_queue_owner ON cases;

GO

CREATE INDEX ix_cases_queue_owner ON cases (owner, is_open, due_at, risk_rank, case_id, disposition);

GO

UPDATE alembic_version SET version_num='0010_unassigned_by_index' WHERE alembic_version.version_num = '0009_removable_texts';

GO

-- Running upgrade 0010_unassigned_by_index -> 0011_clocks

CREATE TABLE clocks (
    case_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    kind VARCHAR(24) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    source_event BIGINT NOT NULL,
    source NVARCHAR(200) NOT NULL,
    started_on DATE NOT NULL,
    due_at DATETIME2(6) NOT NULL,
    [rule] VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    rule_version INTEGER NOT NULL,
    stands BIT NOT NULL,
    CONSTRAINT pk_clocks PRIMARY KEY (case_id, kind, source_event),
    CONSTRAINT ck_clocks_kind CHECK (kind IN ('continuing review', 'continuing report', 'currency report', 'retention')),
    CONSTRAINT fk_clocks_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (case_id)
);

GO

CREATE INDEX ix_clocks_due ON clocks (kind, stands, due_at, case_id);

GO

UPDATE alembic_version SET version_num='0011_clocks' WHERE alembic_version.version_num = '0010_unassigned_by_index';

GO

-- Running upgrade 0011_clocks -> 0012_withdrawn_batches

CREATE TABLE withdrawn_batches (
    batch_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    withdrawn_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    withdrawn_at DATETIME2(6) NOT NULL,
    event BIGINT NOT NULL,
    CONSTRAINT pk_withdrawn_batches PRIMARY KEY (batch_id),
    CONSTRAINT fk_withdrawn_batches_batch_id_batches FOREIGN KEY(batch_id) REFERENCES batches (batch_id),
    CONSTRAINT fk_withdrawn_batches_withdrawn_by_users FOREIGN KEY(withdrawn_by) REFERENCES users (user_id)
);

GO

UPDATE alembic_version SET version_num='0012_withdrawn_batches' WHERE alembic_version.version_num = '0011_clocks';

GO

-- Running upgrade 0012_withdrawn_batches -> 0013_api_keys

CREATE TABLE api_keys (
    key_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    label NVARCHAR(100) NOT NULL,
    user_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    scopes VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    secret_sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    created_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    created_at DATETIME2(6) NOT NULL,
    expires_at DATETIME2(6) NOT NULL,
    revoked_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    revoked_at DATETIME2(6) NULL,
    CONSTRAINT pk_api_keys PRIMARY KEY (key_id),
    CONSTRAINT fk_api_keys_user_id_users FOREIGN KEY(user_id) REFERENCES users (user_id),
    CONSTRAINT ck_api_keys_ck_api_keys_life CHECK (created_at < expires_at)
);

GO

UPDATE alembic_version SET version_num='0013_api_keys' WHERE alembic_version.version_num = '0012_withdrawn_batches';

GO

-- Running upgrade 0013_api_keys -> 0014_copies_for_runs

CREATE TABLE run_copies (
    what VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    place INTEGER NOT NULL,
    upto BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    content VARBINARY(max) NOT NULL,
    CONSTRAINT pk_run_copies PRIMARY KEY (what, place)
);

GO

UPDATE alembic_version SET version_num='0014_copies_for_runs' WHERE alembic_version.version_num = '0013_api_keys';

GO

-- Running upgrade 0014_copies_for_runs -> 0015_announced_alerts

CREATE TABLE announcements (
    place VARCHAR(260) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    alert_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    moved_at DATETIME2(6) NOT NULL,
    CONSTRAINT pk_announcements PRIMARY KEY (place)
);

GO

UPDATE alembic_version SET version_num='0015_announced_alerts' WHERE alembic_version.version_num = '0014_copies_for_runs';

GO

-- Running upgrade 0015_announced_alerts -> 0016_figures_of_operation

CREATE TABLE receipts (
    arrival BIGINT NOT NULL,
    import_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    received_at DATETIME2(6) NOT NULL,
    CONSTRAINT pk_receipts PRIMARY KEY (arrival),
    CONSTRAINT fk_receipts_import_id_imports FOREIGN KEY(import_id) REFERENCES imports (import_id)
);

GO

CREATE TABLE api_key_uses (
    key_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    used_at DATETIME2(6) NOT NULL,
    CONSTRAINT pk_api_key_uses PRIMARY KEY (key_id),
    CONSTRAINT fk_api_key_uses_key_id_api_keys FOREIGN KEY(key_id) REFERENCES api_keys (key_id)
);

GO

ALTER TABLE detection_runs ADD finished_at DATETIME2(6) NULL;

GO

CREATE INDEX ix_alerts_raised_at ON alerts (raised_at);

GO

CREATE INDEX ix_imports_started_at ON imports (started_at);

GO

UPDATE alembic_version SET version_num='0016_figures_of_operation' WHERE alembic_version.version_num = '0015_announced_alerts';

GO

-- Running upgrade 0016_figures_of_operation -> 0017_lists_and_scores

CREATE TABLE party_lists (
    list_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    source NVARCHAR(80) NOT NULL,
    version NVARCHAR(80) NOT NULL,
    listed_on DATE NOT NULL,
    sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    entries INTEGER NOT NULL,
    entries_sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    loaded_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    loaded_at DATETIME2(6) NOT NULL,
    in_force BIT NOT NULL,
    CONSTRAINT pk_party_lists PRIMARY KEY (list_id)
);

GO

CREATE TABLE party_list_entries (
    list_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    number INTEGER NOT NULL,
    kind VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    party NVARCHAR(400) NOT NULL,
    reason NVARCHAR(400) NOT NULL,
    ref VARCHAR(80) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    about NVARCHAR(40) NOT NULL,
    CONSTRAINT pk_party_list_entries PRIMARY KEY (list_id, number),
    CONSTRAINT ck_party_list_entries_kind CHECK (kind IN ('account', 'customer', 'wallet', 'name')),
    CONSTRAINT fk_party_list_entries_list_id_party_lists FOREIGN KEY(list_id) REFERENCES party_lists (list_id)
);

GO

CREATE TABLE name_matches (
    match_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    customer_id VARCHAR(80) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    customer_name NVARCHAR(200) NOT NULL,
    source NVARCHAR(80) NOT NULL,
    ref VARCHAR(80) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    listed_name NVARCHAR(400) NOT NULL,
    reason NVARCHAR(400) NOT NULL,
    likeness INTEGER NOT NULL,
    list_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    found_at DATETIME2(6) NOT NULL,
    state VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    decided_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    decided_at DATETIME2(6) NULL,
    state_event BIGINT NOT NULL,
    decision NVARCHAR(max) NOT NULL,
    CONSTRAINT pk_name_matches PRIMARY KEY (match_id),
    CONSTRAINT ck_name_matches_state CHECK (state IN ('waiting', 'confirmed', 'refused')),
    CONSTRAINT ck_name_matches_decided_by_a_person CHECK (state = 'waiting' OR decided_by IS NOT NULL),
    CONSTRAINT fk_name_matches_customer_id_customers FOREIGN KEY(customer_id) REFERENCES customers (customer_id),
    CONSTRAINT fk_name_matches_list_id_party_lists FOREIGN KEY(list_id) REFERENCES party_lists (list_id),
    CONSTRAINT fk_name_matches_decided_by_users FOREIGN KEY(decided_by) REFERENCES users (user_id)
);

GO

CREATE INDEX ix_name_matches_state ON name_matches (state, likeness, match_id);

GO

CREATE TABLE scoring_runs (
    run_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    ran_at DATETIME2(6) NOT NULL,
    ran_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    as_of DATETIME2(6) NOT NULL,
    parameters NVARCHAR(max) NOT NULL,
    data_fingerprint VARCHAR(128) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    list_sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    payments BIGINT NOT NULL,
    accounts BIGINT NOT NULL,
    listed BIGINT NOT NULL,
    scored BIGINT NOT NULL,
    scores_sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    record NVARCHAR(max) NOT NULL,
    CONSTRAINT pk_scoring_runs PRIMARY KEY (run_id)
);

GO

CREATE TABLE risk_scores (
    run_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    account_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    score BIGINT NOT NULL,
    listed BIT NOT NULL,
    components NVARCHAR(400) NOT NULL,
    CONSTRAINT pk_risk_scores PRIMARY KEY (run_id, account_id),
    CONSTRAINT fk_risk_scores_run_id_scoring_runs FOREIGN KEY(run_id) REFERENCES scoring_runs (run_id)
);

GO

CREATE INDEX ix_risk_scores_run_id_score ON risk_scores (run_id, listed, score, account_id);

GO

UPDATE alembic_version SET version_num='0017_lists_and_scores' WHERE alembic_version.version_num = '0016_figures_of_operation';

GO

-- Running upgrade 0017_lists_and_scores -> 0018_advice

CREATE TABLE advice (
    event_id BIGINT NOT NULL,
    case_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    case_version INTEGER NOT NULL,
    advised_at DATETIME2(6) NOT NULL,
    verdict VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    priority SMALLINT NOT NULL,
    report BIT NOT NULL,
    score INTEGER NOT NULL,
    level SMALLINT NOT NULL,
    facts_sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    CONSTRAINT pk_advice PRIMARY KEY (event_id),
    CONSTRAINT ck_advice_verdict CHECK (verdict IN ('ESCALATE', 'REVIEW', 'DISMISS')),
    CONSTRAINT fk_advice_case_id_cases FOREIGN KEY(case_id) REFERENCES cases (case_id)
);

GO

CREATE INDEX ix_advice_case_id_event_id ON advice (case_id, event_id);

GO

CREATE TABLE cascade_steps (
    event_id BIGINT NOT NULL,
    level SMALLINT NOT NULL,
    version VARCHAR(160) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    inputs NVARCHAR(max) NOT NULL,
    output NVARCHAR(max) NOT NULL,
    cost_micros BIGINT NOT NULL,
    CONSTRAINT pk_cascade_steps PRIMARY KEY (event_id, level),
    CONSTRAINT fk_cascade_steps_event_id_advice FOREIGN KEY(event_id) REFERENCES advice (event_id)
);

GO

CREATE TABLE language_calls (
    call_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    day DATE NOT NULL,
    model NVARCHAR(160) NOT NULL,
    prompt_sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    state VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    cost_micros BIGINT NOT NULL,
    reserved_at DATETIME2(6) NOT NULL,
    settled_at DATETIME2(6) NULL,
    CONSTRAINT pk_language_calls PRIMARY KEY (call_id),
    CONSTRAINT ck_language_calls_state CHECK (state IN ('reserved', 'answered', 'discarded', 'failed'))
);

GO

CREATE INDEX ix_language_calls_day ON language_calls (day, cost_micros);

GO

UPDATE alembic_version SET version_num='0018_advice' WHERE alembic_version.version_num = '0017_lists_and_scores';

GO

-- Running upgrade 0018_advice -> 0019_cases_by_value

ALTER TABLE cases ADD value_rank INTEGER NOT NULL DEFAULT 0;

GO

CREATE INDEX ix_cases_queue_value ON cases (is_open, value_rank, due_at, case_id);

GO

UPDATE alembic_version SET version_num='0019_cases_by_value' WHERE alembic_version.version_num = '0018_advice';

GO

-- Running upgrade 0019_cases_by_value -> 0020_findings_by_subject

CREATE INDEX ix_detection_findings_account_id ON detection_findings (account_id);

GO

CREATE INDEX ix_detection_findings_rule ON detection_findings ([rule]);

GO

CREATE INDEX ix_alerts_rule ON alerts ([rule]);

GO

UPDATE alembic_version SET version_num='0020_findings_by_subject' WHERE alembic_version.version_num = '0019_cases_by_value';

GO

-- Running upgrade 0020_findings_by_subject -> 0021_webhooks

CREATE TABLE webhooks (
    hook_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    label NVARCHAR(100) NOT NULL,
    url VARCHAR(500) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    rules VARCHAR(2000) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    severity INTEGER NOT NULL,
    secret_sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    created_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    created_at DATETIME2(6) NOT NULL,
    disabled_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    disabled_at DATETIME2(6) NULL,
    upto VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    CONSTRAINT pk_webhooks PRIMARY KEY (hook_id),
    CONSTRAINT ck_webhooks_ck_webhooks_severity CHECK (severity BETWEEN 0 AND 100)
);

GO

CREATE TABLE webhook_deliveries (
    delivery_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    hook_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    alert_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    created_at DATETIME2(6) NOT NULL,
    state VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    tries INTEGER NOT NULL,
    next_at DATETIME2(6) NULL,
    status INTEGER NULL,
    problem NVARCHAR(200) NOT NULL,
    done_at DATETIME2(6) NULL,
    leased_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    leased_until DATETIME2(6) NULL,
    CONSTRAINT pk_webhook_deliveries PRIMARY KEY (delivery_id),
    CONSTRAINT fk_webhook_deliveries_hook_id_webhooks FOREIGN KEY(hook_id) REFERENCES webhooks (hook_id),
    CONSTRAINT fk_webhook_deliveries_alert_id_alerts FOREIGN KEY(alert_id) REFERENCES alerts (alert_id),
    CONSTRAINT uq_webhook_deliveries_hook_id_alert_id UNIQUE (hook_id, alert_id),
    CONSTRAINT ck_webhook_deliveries_ck_webhook_deliveries_state CHECK (state IN ('waiting', 'delivered', 'given up'))
);

GO

CREATE INDEX ix_webhook_deliveries_next_at ON webhook_deliveries (next_at);

GO

UPDATE alembic_version SET version_num='0021_webhooks' WHERE alembic_version.version_num = '0020_findings_by_subject';

GO

-- Running upgrade 0021_webhooks -> 0022_models

CREATE TABLE model_versions (
    version_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    state VARCHAR(16) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    base_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    name NVARCHAR(100) NOT NULL,
    model_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    card_sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    reason NVARCHAR(max) NOT NULL,
    proposed_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    proposed_at DATETIME2(6) NOT NULL,
    decided_by VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL,
    decided_at DATETIME2(6) NULL,
    decision NVARCHAR(max) NOT NULL,
    CONSTRAINT pk_model_versions PRIMARY KEY (version_id),
    CONSTRAINT ck_model_versions_state CHECK (state IN ('proposed', 'in force', 'superseded', 'rejected', 'withdrawn')),
    CONSTRAINT ck_model_versions_duties CHECK (decided_by IS NULL OR decided_by <> proposed_by OR state = 'withdrawn'),
    CONSTRAINT fk_model_versions_proposed_by_users FOREIGN KEY(proposed_by) REFERENCES users (user_id),
    CONSTRAINT fk_model_versions_decided_by_users FOREIGN KEY(decided_by) REFERENCES users (user_id)
);

GO

CREATE UNIQUE INDEX ix_model_versions_state ON model_versions (state) WHERE state IN ('proposed', 'in force');

GO

CREATE TABLE model_files (
    version_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    name VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    content VARBINARY(max) NOT NULL,
    CONSTRAINT pk_model_files PRIMARY KEY (version_id, name),
    CONSTRAINT fk_model_files_version_id_model_versions FOREIGN KEY(version_id) REFERENCES model_versions (version_id)
);

GO

CREATE TABLE model_runs (
    model_run_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    version_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    model_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    ran_at DATETIME2(6) NOT NULL,
    transactions BIGINT NOT NULL,
    accounts BIGINT NOT NULL,
    drift NVARCHAR(max) NOT NULL,
    scores_sha256 VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    CONSTRAINT pk_model_runs PRIMARY KEY (model_run_id)
);

GO

CREATE TABLE model_scores (
    model_run_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    account_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    score BIGINT NOT NULL,
    band VARCHAR(8) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    transaction_id VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
    parts NVARCHAR(max) NOT NULL,
    CONSTRAINT pk_model_scores PRIMARY KEY (model_run_id, account_id),
    CONSTRAINT ck_model_scores_band CHECK (band IN ('High', 'Medium', 'Low', 'Minimal')),
    CONSTRAINT ck_model_scores_score CHECK (score >= 0 AND score <= 1000000),
    CONSTRAINT fk_model_scores_model_run_id_model_runs FOREIGN KEY(model_run_id) REFERENCES model_runs (model_run_id)
);

GO

UPDATE alembic_version SET version_num='0022_models' WHERE alembic_version.version_num = '0021_webhooks';

GO

-- Running upgrade 0022_models -> 0023_alerts_lapse

ALTER TABLE alerts ADD lapsed_in VARCHAR(64) COLLATE Latin1_General_100_BIN2_UTF8 NULL;

GO

UPDATE alembic_version SET version_num='0023_alerts_lapse' WHERE alembic_version.version_num = '0022_models';

GO

-- Running upgrade 0023_alerts_lapse -> 0024_findings_as_held

CREATE INDEX ix_detection_findings_alert_id ON detection_findings (alert_id, gone_in, first_at, last_at);

GO

UPDATE alembic_version SET version_num='0024_findings_as_held' WHERE alembic_version.version_num = '0023_alerts_lapse';

GO

COMMIT;

GO
