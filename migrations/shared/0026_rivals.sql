-- What others ask. The entries are new, and an older program kept them aside: the tables of every log are marked, and filled again
-- from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

-- The last word on each thing of a source. Without a product it is nothing that is sold here; without a price none counts.
create table rival_price (
  log {blob} not null, source text not null, their text not null, revision {int} not null, author {blob} not null,
  way {int} not null, name text not null, product {blob}, price_minor {int} not null, currency text not null,
  unit {int} not null, per {int} not null, seen_at_ms {int} not null,
  primary key (log, source, their)
) {keyed};
create index rival_price_product on rival_price (log, product);

create table rival_source (
  log {blob} not null, source text not null, revision {int} not null, author {blob} not null, is_on {int} not null,
  gone_revision {int} not null,
  primary key (log, source)
) {keyed};

-- Every price that was seen, for what it did to sales.
create table rival_seen (
  log {blob} not null, author {blob} not null, seq {int} not null, place {int} not null, source text not null,
  their text not null, revision {int} not null, product {blob} not null, price_minor {int} not null,
  currency text not null, unit {int} not null, per {int} not null, seen_at_ms {int} not null,
  primary key (log, author, seq, place)
) {keyed};
create index rival_seen_product on rival_seen (log, product, seen_at_ms);
