-- Who runs the market, by name, and what they did. Plain tables of the server: no stall's records know of them.

-- `ranking`: 1 looks, 2 decides, 3 names others. Granted by nobody: by whoever knows the server's key.
create table market_operator (
    account {blob} not null primary key references account (account),
    ranking {int} not null,
    granted_ms {int} not null,
    granted_by {blob}
) {keyed};

-- What operators did, one row after the other: rows are added and never changed. `hash` is over the row and the hash before it, so
-- that a row that was changed or taken out shows. Nobody in `actor`: whoever knows the server's key.
create table operator_act (
    seq {int} not null primary key,
    at_ms {int} not null,
    actor {blob},
    act text not null,
    subject text not null,
    because text not null,
    more text not null,
    hash {blob} not null
) {strict};
create index operator_act_actor on operator_act (actor, seq);
create index operator_act_subject on operator_act (subject, seq);
create index operator_act_act on operator_act (act, seq);

-- How many there are: whoever adds one is alone at it until the commit.
create table operator_act_count (
    only_row {int} not null primary key check (only_row = 1),
    acts {int} not null
) {strict};
insert into operator_act_count (only_row, acts) values (1, 0);

-- Stalls that are not in the market and take no new orders. Their own registers go on.
create table stall_block (
    stall {blob} not null primary key references stall (stall),
    because text not null,
    at_ms {int} not null
) {strict};

-- Accounts that nobody signs in to.
create table account_lock (
    account {blob} not null primary key references account (account),
    because text not null,
    at_ms {int} not null
) {strict};

-- For the operators' lists, the latest first.
create index stall_claimed on stall (claimed_ms, stall);
create index account_created on account (created_ms, account);
create index orders_of_all on orders (at_ms, order_id);
