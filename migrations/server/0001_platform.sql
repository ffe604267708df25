-- Accounts, sessions, stalls, members and devices: who may do what. What stalls contain comes later.

-- What only the server knows, made once and shared by all its processes.
create table server_secret (
    only_row {int} not null primary key check (only_row = 1),
    secret {blob} not null
) {strict};

-- The one place where a person's data stands. Everything else names the account.
create table account (
    account {blob} not null primary key,
    email text not null unique,
    password text not null,
    created_ms {int} not null,
    password_changed_ms {int} not null
) {strict};

create table session (
    token_hash {blob} not null primary key,
    account {blob} not null references account (account),
    created_ms {int} not null,
    seen_ms {int} not null,
    expires_ms {int} not null
) {keyed};
create index session_account on session (account);

create table stall (
    stall {blob} not null primary key,
    founder {blob} not null,
    owner {blob} not null references account (account),
    claimed_ms {int} not null
) {strict};

create table member (
    stall {blob} not null references stall (stall),
    account {blob} not null references account (account),
    role {int} not null,
    added_ms {int} not null,
    primary key (stall, account)
) {keyed};
create index member_account on member (account);

create table device (
    author {blob} not null primary key,
    stall {blob} not null references stall (stall),
    account {blob} references account (account),
    role {int} not null,
    name text not null,
    public_key {blob} not null,
    introduction {blob} not null,
    enrolled_ms {int} not null,
    revoked_ms {int}
) {strict};
create index device_stall on device (stall);

create table enrolment_code (
    code_hash {blob} not null primary key,
    stall {blob} not null references stall (stall),
    role {int} not null,
    made_by {blob} not null references account (account),
    expires_ms {int} not null,
    used_by {blob}
) {keyed};
create index enrolment_code_stall on enrolment_code (stall);

-- One row per refresh token. A family begins with an enrolment and ends when it is revoked.
create table refresh_family (
    family {blob} not null primary key,
    author {blob} not null references device (author),
    begun_ms {int} not null,
    revoked_ms {int}
) {keyed};
create index refresh_family_author on refresh_family (author);

create table refresh_token (
    token_hash {blob} not null primary key,
    family {blob} not null references refresh_family (family),
    issued_ms {int} not null,
    used_ms {int}
) {keyed};
create index refresh_token_family on refresh_token (family);

create table access_token (
    token_hash {blob} not null primary key,
    author {blob} not null references device (author),
    expires_ms {int} not null
) {keyed};
create index access_token_author on access_token (author);
