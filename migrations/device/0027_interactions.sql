-- What whoever uses this device met in the shop: it makes suggestions here, and goes to the server only where somebody agreed to that.
-- `what` and `place` are numbers of `soko_domain::interaction`, `hour` counts hours since 1970: no moment is kept.
create table interaction (
  number integer primary key,
  id {blob} not null unique check (length(id) = 16),
  -- As `own_like` says it.
  whose text not null,
  stall {blob} not null check (length(stall) = 16), product {blob} not null check (length(product) = 16),
  what {int} not null,
  place {int} not null,
  hour {int} not null,
  -- The model that suggested it.
  model {blob} check (length(model) = 32),
  -- The experiment that the suggestion was part of, and its arm; both empty outside of one.
  experiment text not null,
  arm text not null,
  -- 0 stays here, 1 is to be sent, 2 is at the server.
  standing {int} not null,
  unique (whose, product, what, place, hour)
) {strict};
create index interaction_to_send on interaction (whose, number) where standing = 1;

-- Whether somebody agreed that it is sent: 1 yes, 2 no; nobody was asked yet without a row.
create table consent (
  whose text not null primary key,
  says {int} not null,
  -- What the server has of it is to be deleted there, and the server has not said yet that it did.
  is_to_forget {int} not null
) {keyed};

-- What a stall's server said of the way of its shoppers, for when there is no network. `days` is how far back it goes.
create table funnel_seen (
  log {blob} not null check (length(log) = 16), days {int} not null,
  told_ms {int} not null, funnel {blob} not null,
  primary key (log, days)
) {keyed};
