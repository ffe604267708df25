-- Payments that a buyer claimed and what became of them, which sale closed an open order, and how the stall sells. The
-- columns are new: the tables of every log are marked, and whoever opens the database fills them again.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

-- Payments whose money does not lie in the drawer: by phone, or not seen when the sale was made. Codes are spelt as
-- `code_key` spells them.
create table payment (
  log {blob} not null, sale {blob} not null, author {blob} not null, seq {int} not null,
  tender {int} not null, shift {blob} not null, kind {int} not null, amount_minor {int} not null,
  code text not null, standing {int} not null,
  primary key (log, sale, author, seq, tender)
) {strict};
create index payment_code on payment (log, code) where code <> '';
create index payment_claimed on payment (log, shift) where standing = 2;

-- What somebody said of a payment later.
create table payment_word (
  log {blob} not null, author {blob} not null, seq {int} not null, sale {blob} not null,
  tender {int} not null, standing {int} not null, code text not null,
  primary key (log, author, seq)
) {strict};
create index payment_word_sale on payment_word (log, sale, tender);
create index payment_word_code on payment_word (log, code) where code <> '';

alter table sale add column tab {blob};
create index sale_tab on sale (log, tab) where tab is not null;

alter table stall_profile add column cash_step_minor {int} not null default 0;
alter table stall_profile add column beyond_rule {int} not null default 1;
alter table stall_profile add column scale_codes text not null default '';
