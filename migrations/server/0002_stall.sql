-- What the server knows of a stall beyond its records: its own life, who has reported to it, what was
-- answered. None of it can be derived again, and none of it decides about stock.

create table server_epoch (
  only_row {int} not null primary key check (only_row = 1),
  epoch {blob} not null, counter {int} not null
) {strict};

create table stall_core (
  log {blob} not null primary key, epoch {blob} not null, counter {int} not null,
  author {blob} not null, confirmed {int} not null, turns {int} not null,
  told_epoch {blob}, told_counter {int}
) {strict};

create table reported (
  log {blob} not null, author {blob} not null, epoch {blob} not null, complete {int} not null,
  last_ms {int} not null,
  primary key (log, author)
) {keyed};

create table other_branch (
  log {blob} not null, author {blob} not null, hash {blob} not null, record {blob} not null,
  primary key (log, author, hash)
) {keyed};

create table set_aside (
  log {blob} not null, author {blob} not null, seq {int} not null, body {blob} not null,
  primary key (log, author, seq)
) {keyed};

create table ask_answer (
  log {blob} not null, ask {blob} not null, author {blob} not null, body {blob} not null,
  primary key (log, ask)
) {keyed};

create table order_key (
  log {blob} not null, actor {blob} not null, request_key text not null, request_hash {blob} not null,
  declined_code text, declined_detail text, at_ms {int} not null,
  primary key (log, actor, request_key)
) {keyed};

create table demand (
  log {blob} not null, product {blob} not null, holder {blob} not null, times {int} not null,
  primary key (log, product, holder)
) {keyed};

create table shortage_told (
  log {blob} not null, product {blob} not null, quantity {int} not null,
  primary key (log, product)
) {keyed};
