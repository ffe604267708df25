-- Whose an order was, and who does not want what: what one person had says nothing to another who uses the same device. Before, both
-- were the device's; that becomes theirs who is signed in next, as with what a guest did.
alter table own_order add column whose text not null default '';
alter table unwanted rename to unwanted_before;
create table unwanted (
  whose text not null, product {blob} not null check (length(product) = 16),
  primary key (whose, product)
) {keyed};
insert into unwanted (whose, product) select '', product from unwanted_before;
drop table unwanted_before;
