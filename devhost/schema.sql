-- One row for each orchestration; its newest execution only.
CREATE TABLE instances (
    id        TEXT PRIMARY KEY,
    execution TEXT NOT NULL,  -- changes with continue-as-new, restart and a new start
    name      TEXT NOT NULL,
    version   TEXT,
    status    TEXT NOT NULL,  -- Pending, Running, Suspended, Completed, Failed, Terminated
    created   TEXT NOT NULL,  -- UTC, seven fractional digits: sorts as text
    updated   TEXT NOT NULL,
    parent    TEXT,           -- JSON: who waits for a sub-orchestration
    input     TEXT,           -- JSON text
    output    TEXT,           -- JSON text, or a reason
    custom    TEXT            -- JSON text of the custom status
);

-- What an orchestration has seen and decided, in order.
CREATE TABLE history (
    instance TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    event    TEXT NOT NULL,   -- JSON
    PRIMARY KEY (instance, seq)
) WITHOUT ROWID;

-- What an orchestration or entity has still to see; a timer is a message with a due time.
CREATE TABLE inbox (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    instance  TEXT NOT NULL,
    execution TEXT,           -- NULL: for whichever execution is the newest
    due       TEXT,           -- NULL: at once
    event     TEXT NOT NULL   -- JSON
);
CREATE INDEX inbox_by_instance ON inbox (instance, seq);
CREATE INDEX inbox_at_once ON inbox (instance) WHERE due IS NULL;
CREATE INDEX inbox_by_due ON inbox (due) WHERE due IS NOT NULL;

-- Activities that were asked for and have not answered yet.
CREATE TABLE activities (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    instance  TEXT NOT NULL,
    execution TEXT NOT NULL,
    task      INTEGER NOT NULL,
    name      TEXT NOT NULL,
    input     TEXT            -- JSON text
);
CREATE INDEX activities_by_instance ON activities (instance);

-- Entities that exist; their operations wait in the inbox under the same id, "@name@key".
CREATE TABLE entities (
    id      TEXT PRIMARY KEY,
    state   TEXT,             -- JSON text
    updated TEXT NOT NULL
);
