-- Makes the database and the two logins of the desk, once; run again, it changes nothing.
-- sqlcmd puts the passwords in place of the words in brackets.
IF DB_ID('casedesk') IS NULL
    CREATE DATABASE casedesk;
GO
-- Readers must not wait for writers.
ALTER DATABASE casedesk SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE;
GO
IF SUSER_ID('casedesk_owner') IS NULL
    CREATE LOGIN casedesk_owner WITH PASSWORD = '$(OWNER_PASSWORD)';
IF SUSER_ID('casedesk_app') IS NULL
    CREATE LOGIN casedesk_app WITH PASSWORD = '$(APP_PASSWORD)';
GO
USE casedesk;
GO
IF USER_ID('casedesk_owner') IS NULL
BEGIN
    CREATE USER casedesk_owner FOR LOGIN casedesk_owner;
    ALTER ROLE db_owner ADD MEMBER casedesk_owner;
END;
-- Reads and writes rows and nothing else: whoever may alter tables can switch off the triggers of the ledger.
IF USER_ID('casedesk_app') IS NULL
BEGIN
    CREATE USER casedesk_app FOR LOGIN casedesk_app;
    ALTER ROLE db_datareader ADD MEMBER casedesk_app;
    ALTER ROLE db_datawriter ADD MEMBER casedesk_app;
END;
GO
