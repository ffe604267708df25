-- Codes that take something off orders, and which order carries which. Nothing that was written before says any of it.

-- `terms` as the entry has them.
create table coupon (
  log {blob} not null, code text not null, revision {int} not null, author {blob} not null, terms {blob} not null,
  primary key (log, code)
) {keyed};

alter table orders add column coupon text;
alter table orders add column discount_minor {int} not null default 0;
-- The uses of a code are counted whenever somebody orders with it.
create index orders_coupon on orders (log, coupon, buyer, released) where coupon is not null;
