-- What lies in baskets, unit by unit, so that an account's devices can bring it together as `soko_domain::wanted` says. Before, a basket was
-- its lines; `basket_line` still has them, as what follows from the units. `whose` is as with likes.

-- Under which name this device counts what it puts in.
create table basket_name (
  only_row {int} primary key check (only_row = 1), device {blob} not null check (length(device) = 16)
) {strict};
-- How far each device was heard to have counted.
create table basket_heard (
  whose text not null, device {blob} not null, up_to {int} not null,
  primary key (whose, device)
) {keyed};
-- Units that are still in, from the number `first` on.
create table basket_part (
  whose text not null, device {blob} not null, first {int} not null, units {int} not null,
  stall {blob} not null, product {blob} not null, seen_minor {int} not null, added_ms {int} not null,
  primary key (whose, device, first)
) {keyed};
-- What was said and heard of an account's baskets at its server: which account that is, how far it was seen, and how often something was
-- changed here, now and when it was last said.
create table basket_told (
  whose text not null primary key, account {blob}, version {int} not null, edits {int} not null, said {int} not null
) {keyed};

-- What is in stays in, put in by this device before anybody noted when.
insert into basket_name (only_row, device)
select 1, randomblob(16) where exists (select 1 from basket_line);
insert into basket_heard (whose, device, up_to)
select whose, device, sum(quantity) from basket_line, basket_name group by whose, device;
insert into basket_part (whose, device, first, units, stall, product, seen_minor, added_ms)
select l.whose, n.device, 1 + (select coalesce(sum(b.quantity), 0) from basket_line b
    where b.whose = l.whose and (b.place, b.stall, b.product) < (l.place, l.stall, l.product)),
  l.quantity, l.stall, l.product, max(l.seen_minor, 0), 0
from basket_line l, basket_name n;
insert into basket_told (whose, account, version, edits, said)
select distinct whose, null, 0, 1, 0 from basket_line;
