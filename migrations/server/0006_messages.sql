-- What people are told outside of the app. The records say what happened; here stands how far they were looked
-- through for that, who wants to hear of what, and what is to be sent or was. No address and no text is kept: both
-- are looked up when a message leaves.

create table told_up_to (
    log {blob} not null primary key,
    position {int} not null
) {keyed};

create table reader (
    account {blob} not null primary key references account (account),
    language text not null
) {keyed};

-- Only where a person chose.
create table message_wish (
    account {blob} not null references account (account),
    topic {int} not null,
    wanted {int} not null,
    primary key (account, topic)
) {keyed};

-- `state`: 1 waiting, 2 sent, 3 given up, 4 not wanted any more.
create table message (
    message {blob} not null primary key,
    topic {int} not null,
    account {blob} not null,
    log {blob},
    subject {blob},
    detail {int} not null,
    state {int} not null,
    due_ms {int} not null,
    tries {int} not null,
    reason text not null,
    made_ms {int} not null,
    done_ms {int}
) {strict};
create index message_due on message (state, due_ms);

-- A forgotten password: who may set another one, until when.
create table recovery (
    message {blob} not null primary key,
    account {blob} not null references account (account),
    made_ms {int} not null,
    expires_ms {int} not null,
    used {int} not null
) {keyed};
create index recovery_account on recovery (account, made_ms);
